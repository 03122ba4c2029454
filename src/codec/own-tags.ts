import { isDate } from './flask-tags.ts';
import { isDirect, isList } from './plain.ts';
import { ContentError, type Tag, textContent } from './tag.ts';

/** A date that is not on a whole second, or that no HTTP date can name: ISO 8601 with milliseconds, in UTC. */
export const exactDateTag: Tag<Date> = {
  key: ' D',
  check: isDate,
  encode: (value) => Date.prototype.toISOString.call(value),
  decode(content) {
    const date = new Date(textContent(content));
    if (Number.isNaN(date.getTime()) || date.toISOString() !== content) {
      throw new ContentError('a date such as 2024-02-29T23:59:58.123Z is expected');
    }
    return date;
  },
};

export const mapTag: Tag<Map<unknown, unknown>> = {
  key: ' M',
  check: (value) => isBranded(value, '[object Map]', Map.prototype.has),
  encode(value) {
    refuseUndefined(Map.prototype.has.call(value, undefined), 'its Map has the key undefined');
    return Array.from(Map.prototype.entries.call(value));
  },
  decode(content) {
    if (!isList(content)) throw new ContentError('a list of pairs is expected');
    for (const pair of content) {
      if (!isList(pair) || pair.length !== 2) throw new ContentError('a list of pairs is expected');
    }
    return new Map(content as [unknown, unknown][]);
  },
};

export const setTag: Tag<Set<unknown>> = {
  key: ' S',
  check: (value) => isBranded(value, '[object Set]', Set.prototype.has),
  encode(value) {
    refuseUndefined(Set.prototype.has.call(value, undefined), 'its Set holds undefined');
    return Array.from(Set.prototype.values.call(value));
  },
  decode(content) {
    if (!isList(content)) throw new ContentError('a list is expected');
    return new Set(content);
  },
};

export const bigintTag: Tag<bigint> = {
  key: ' n',
  check: (value) => typeof value === 'bigint',
  encode: (value) => value.toString(),
  decode(content) {
    const text = textContent(content);
    if (!/^(?:0|-?[1-9]\d*)$/.test(text)) throw new ContentError('a whole number in decimal digits is expected');
    return BigInt(text);
  },
};

export const urlTag: Tag<URL> = {
  key: ' l',
  check: (value) => value instanceof URL && isDirect(value),
  encode: (value) => value.href,
  decode(content) {
    const text = textContent(content);
    if (!URL.canParse(text)) throw new ContentError('an absolute URL is expected');
    return new URL(text);
  },
};

const NUMBERS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-0': -0,
};

/** The numbers that JSON cannot write, or writes as another. */
export const numberTag: Tag<number> = {
  key: ' f',
  check: (value) => typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)),
  encode: (value) => (value === 0 ? '-0' : String(value)),
  decode(content) {
    const text = textContent(content);
    if (!Object.hasOwn(NUMBERS, text)) throw new ContentError('NaN, Infinity, -Infinity or -0 is expected');
    return NUMBERS[text] as number;
  },
};

// A list turns undefined into null, which may be a key or an item beside it.
function refuseUndefined(found: boolean, what: string): void {
  if (found) throw new ContentError(what);
}

/** By what an object is, not by its constructor, so that another realm's count; never an instance of a subclass. */
function isBranded(value: unknown, brand: string, probe: (this: never, key: never) => boolean): boolean {
  if (Object.prototype.toString.call(value) !== brand || !isDirect(value as object)) return false;
  try {
    probe.call(value as never, undefined as never);
    return true;
  } catch {
    return false;
  }
}
