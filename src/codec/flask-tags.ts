import { fromBase64, toBase64 } from './base64.ts';
import { fromHttpDate, toHttpDate } from './http-date.ts';
import { isList } from './plain.ts';
import { ContentError, type Tag, textContent } from './tag.ts';
import { isTuple, isUuid, Markup, Tuple, Uuid } from './values.ts';

/** Flask's TagDict, which escapes an object with a single entry whose key is a tag's. Written by the walk over objects. */
export const ESCAPE = ' di';

/** The key of an escaped object's entry. */
export function escapeKey(key: string): string {
  return `${key}__`;
}

export const tupleTag: Tag<Tuple> = {
  key: ' t',
  check: isTuple,
  encode: (value) => Array.from(value),
  decode(content) {
    if (!isList(content)) throw new ContentError('a list is expected');
    return Tuple.from(content);
  },
};

export const bytesTag: Tag<Uint8Array> = {
  key: ' b',
  // Buffers too, and those of other realms. They come back as plain Uint8Arrays.
  check: (value) => ArrayBuffer.isView(value) && value[Symbol.toStringTag as never] === 'Uint8Array',
  encode: toBase64,
  decode(content) {
    const bytes = fromBase64(textContent(content));
    if (bytes === undefined) throw new ContentError('standard base64 with padding is expected');
    return bytes;
  },
};

interface Html {
  __html__(): unknown;
}

export const markupTag: Tag<Html> = {
  key: ' m',
  check: (value) => typeof value === 'object' && value !== null && typeof (value as Html).__html__ === 'function',
  encode: (value) => String(value.__html__()),
  decode: (content) => new Markup(textContent(content)),
};

export const uuidTag: Tag<Uuid> = {
  key: ' u',
  check: isUuid,
  encode: (value) => value.hex,
  decode(content) {
    try {
      return new Uuid(textContent(content));
    } catch {
      throw new ContentError('32 hex digits are expected');
    }
  },
};

// Python reads a year below 100 as one of the last or this century, and knows none above 9999.
const FIRST = Date.UTC(100, 0, 1);
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export const secondTag: Tag<Date | null> = {
  key: ' d',
  check: (value) => isHttpDay(value) && value.getTime() % 1000 === 0,
  encode: (value) => toHttpDate(value as Date),
  // Null for text that is no date is Flask's own reading.
  decode: (content) => fromHttpDate(textContent(content)) ?? null,
};

/** Flask's own rule for writing: what is below the second is cut off. */
export const cutSecondTag: Tag<Date | null> = { ...secondTag, check: isHttpDay };

function isHttpDay(value: unknown): value is Date {
  if (!isDate(value)) return false;
  const time = value.getTime();
  return time >= FIRST && time <= LAST;
}

/**
 * Whether a value is a valid date. Those of other realms count, and subclasses: fake clocks make such dates.
 */
export function isDate(value: unknown): value is Date {
  if (Object.prototype.toString.call(value) !== '[object Date]') return false;
  try {
    return !Number.isNaN(Date.prototype.getTime.call(value));
  } catch {
    return false;
  }
}
