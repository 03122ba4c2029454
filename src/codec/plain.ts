/**
 * Whether a value is a plain object: made by `{}`, `JSON.parse` or `Object.create(null)`, in this realm or another.
 * A prototype is taken for some realm's Object.prototype when nothing is above it.
 */
export function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  if (Object.getPrototypeOf(prototype) !== null || Array.isArray(value)) return false;
  // JSON.stringify would call an inherited toJSON and write something else.
  return typeof (value as { toJSON?: unknown }).toJSON !== 'function';
}

/** Whether a value is an array and no subclass of it, in this realm or another. */
export function isList(value: unknown): value is unknown[] {
  if (!Array.isArray(value)) return false;
  return Object.getPrototypeOf(value) === Array.prototype || isDirect(value);
}

/** Whether an object is of a class right below Object: no instance of a subclass. */
export function isDirect(value: object): boolean {
  const own = Object.getPrototypeOf(value);
  const above = own === null ? null : Object.getPrototypeOf(own);
  return above !== null && Object.getPrototypeOf(above) === null;
}

/** Whether JSON writes a value as it is, and nothing can be in it. */
export function isSimple(value: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  // Finite, and not -0.
  return typeof value === 'number' && (value === 0 ? 1 / value > 0 : value - value === 0);
}

/** The keys that reach a prototype when a careless copy assigns them (R80). */
export function isForbiddenKey(key: string): boolean {
  // The lengths first: this runs for every key of every record.
  const { length } = key;
  return (length === 9 || length === 11) && (key === '__proto__' || key === 'constructor' || key === 'prototype');
}

export type Path = readonly (string | number)[];

/** A path of keys as a reader would write it: `cart.items[3]["odd key"]`; long keys and paths are cut. */
export function pathText(path: Path): string {
  let text = '';
  for (const key of path.slice(0, 20)) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\p{L}_$][\p{L}\p{N}_$]{0,39}$/u.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}...` : key)}]`;
  }
  return path.length > 20 ? `${text}...` : text;
}
