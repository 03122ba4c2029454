import { checkBounds, type Limits } from '../codec/bounds.ts';
import { CoatcheckError } from '../errors.ts';
import { refuseForbidden } from './data.ts';
import type { TextOf } from './handed.ts';

/** The most bytes that one UTF-16 unit takes in a document: `\u0000`. */
const MOST_BYTES = 6;

/** More than the text of any number, boolean or null. */
const PLAIN_TEXT = 32;

/**
 * Checks one key and its value as a `set` does, before anything is changed: what could never be stored fails where it
 * was set, not at the commit (R82). Totals are the commit's.
 *
 * @throws CoatcheckError `USAGE`, `KEY_FORBIDDEN`, `SESSION_TOO_LARGE`, `VALUE_UNSUPPORTED`
 */
export function checkValue(key: string, value: unknown, limits: Limits, textOf: TextOf): void {
  checkKey(key);
  if (isPlain(value)) {
    const units = key.length + (typeof value === 'string' ? value.length : PLAIN_TEXT);
    if (units * MOST_BYTES <= limits.bytes) return;
  } else checkBounds(value, limits, key);
  const length = byteLength(textOf(key), limits.bytes) + byteLength(textOf(value), limits.bytes);
  if (length <= limits.bytes) return;
  throw new CoatcheckError(
    'SESSION_TOO_LARGE',
    `The value of "${key.slice(0, 64)}" exceeds the session's bound of ${limits.bytes} bytes. Keep large data elsewhere and store a reference.`,
  );
}

/** Refuses what can be no key of the data: another type would be lost in silence. */
export function checkKey(key: string): void {
  if (typeof key !== 'string') {
    throw new CoatcheckError(
      'USAGE',
      'A key of the session is a text. For several keys at once use session.assign({ user: "ann", cart: [] }).',
    );
  }
  refuseForbidden(key);
}

/** What every codec can write. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === 'string' || typeof value === 'boolean' || value === null;
}

/** In UTF-8; counted only where the length in UTF-16 units leaves the answer open. */
function byteLength(text: string, limit: number): number {
  return text.length > limit || text.length * 3 <= limit ? text.length : new TextEncoder().encode(text).byteLength;
}
