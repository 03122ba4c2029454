/** What a Cookie header says about one name. */
export type CookieReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly value: string }
  /** An attack or an accident, and never a choice of one (R47). */
  | { readonly kind: 'many' }
  /** The header is beyond the bounds; nothing in it counts (R48). */
  | { readonly kind: 'oversized' };

/** The longest Cookie header that is read, in octets. */
export const HEADER_MAX: number = 16 * 1024;

/** The most pairs in a Cookie header that is read. Browsers keep fewer than this for a whole site. */
export const PAIRS_MAX = 200;

const NONE: CookieReading = { kind: 'none' };
const MANY: CookieReading = { kind: 'many' };
const OVERSIZED: CookieReading = { kind: 'oversized' };

const TAB = 0x09;
const SPACE = 0x20;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;

/**
 * Finds one cookie in a Cookie header, in linear time and without looking at the others. As 6265bis section 5.6 reads
 * a pair: split at `;`, the name ends at the first `=`, both sides lose SP and HTAB and nothing else. The name is
 * compared octet by octet; there is no decoding, no case folding, no unquoting, and a pair without a name stays
 * without one.
 *
 * @param header as received, one character an octet; several fields joined by `; `
 *
 * @example
 * readCookie('theme=dark; __Host-session=abc', '__Host-session'); // { kind: 'one', value: 'abc' }
 */
export function readCookie(header: string | undefined, name: string): CookieReading {
  if (header === undefined || header.length === 0) return NONE;
  if (header.length > HEADER_MAX || hasTooManyPairs(header)) return OVERSIZED;
  let value: string | undefined;
  let at = header.indexOf(name);
  while (at !== -1) {
    const start = valueStart(header, at, name.length);
    if (start === -1) {
      // No pair can begin inside the name: a token holds neither `;` nor white space.
      at = header.indexOf(name, at + name.length);
      continue;
    }
    if (value !== undefined) return MANY;
    const semicolon = header.indexOf(';', start);
    const end = semicolon === -1 ? header.length : semicolon;
    value = trimmed(header, start, end);
    at = header.indexOf(name, end);
  }
  return value === undefined ? NONE : { kind: 'one', value };
}

/** Where the value begins, if the text at `at` is the whole name of a pair; else -1. */
function valueStart(header: string, at: number, length: number): number {
  let before = at - 1;
  while (before >= 0 && isBlank(header.charCodeAt(before))) before -= 1;
  if (before >= 0 && header.charCodeAt(before) !== SEMICOLON) return -1;
  let after = at + length;
  while (isBlank(header.charCodeAt(after))) after += 1;
  return header.charCodeAt(after) === EQUALS ? after + 1 : -1;
}

function trimmed(header: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(header.charCodeAt(from))) from += 1;
  while (to > from && isBlank(header.charCodeAt(to - 1))) to -= 1;
  return header.slice(from, to);
}

function hasTooManyPairs(header: string): boolean {
  // Fewer characters than separators needed: the usual header is not walked.
  if (header.length < PAIRS_MAX) return false;
  let separators = 0;
  for (let at = header.indexOf(';'); at !== -1; at = header.indexOf(';', at + 1)) {
    separators += 1;
    if (separators >= PAIRS_MAX) return true;
  }
  return false;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
