const told = new Set<string>();

/** Warns once a process and code, through the runtime's own channel where it has one. */
export function warnOnce(code: string, message: string): void {
  if (told.has(code)) return;
  told.add(code);
  const emit = globalThis.process?.emitWarning;
  if (typeof emit === 'function') emit.call(globalThis.process, message, { type: 'CoatcheckWarning', code });
  else console.warn(`${code}: ${message}`);
}
