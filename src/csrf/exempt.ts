import { warnOnce } from '../warn.ts';

const SLOT = Symbol.for('coatcheck.csrf-exempt');

/** Bundlers load modules twice; all copies must know the same handlers. */
const shared = globalThis as { [SLOT]?: WeakSet<object> };
shared[SLOT] ??= new WeakSet();
const exempted: WeakSet<object> = shared[SLOT];

/** Marks a handler, and says so once in the log: an exemption that nobody knows of is a hole. */
export function exempt<Handler extends (...args: never[]) => unknown>(handler: Handler): Handler {
  if (!exempted.has(handler)) {
    const name = handler.name === '' ? 'without a name' : handler.name;
    warnOnce(`COATCHECK_CSRF_EXEMPT_${name}`, `A handler is exempt from the CSRF guard: ${name}.`);
  }
  exempted.add(handler);
  return handler;
}

export function isExempt(handler: unknown): boolean {
  return typeof handler === 'function' && exempted.has(handler);
}
