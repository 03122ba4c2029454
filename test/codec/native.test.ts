import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkBounds, DEFAULT_LIMITS, type Limits } from '../../src/codec/bounds.ts';
import type { Meta } from '../../src/codec/contract.ts';
import { boundedDecode, codecWith, nativeCodec, shortEncode } from '../../src/codec/native.ts';
import type { Tag } from '../../src/codec/tag.ts';
import { Tuple } from '../../src/codec/values.ts';
import { anyValue, key } from './arbitraries.ts';

const codec = nativeCodec();
const meta: Meta = { created: 5, commits: 2, nonces: ['a', 'b'] };
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'nothing was thrown';
};
const documentWith = (change: Record<string, unknown>): string =>
  JSON.stringify({ meta: { format: 1, ...meta, ...change }, data: {} });

describe('the native codec', () => {
  it('writes meta first, with the format as its first member, compact', () => {
    expect(codec.encode({ data: { user: 'ann', at: new Date(0) }, meta })).toBe(
      '{"meta":{"format":1,"created":5,"commits":2,"nonces":["a","b"]},"data":{"user":"ann","at":{" d":"Thu, 01 Jan 1970 00:00:00 GMT"}}}',
    );
  });

  it('gives back any data, whatever its keys', () => {
    fc.assert(
      fc.property(fc.dictionary(key, anyValue, { noNullPrototype: true }), (data) => {
        const document = codec.encode({ data, meta });
        expect(codec.decode(document)).toStrictEqual({ data, meta });
        expect(codec.encode(codec.decode(document))).toBe(document);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps members of meta that it does not know, and shows no format', () => {
    const later: Meta = {
      ...meta,
      authenticated: { user: 'ann', at: 4, methods: ['password'], version: 'x' },
      address: '192.0.2.1',
      permanent: true,
      linked: ['k'],
      risk: { ' q': [1], seen: Tuple.of(1), ' t': 2 },
    };
    expect(codec.decode(codec.encode({ data: {}, meta: later }))).toStrictEqual({ data: {}, meta: later });
    expect(codec.decode(codec.encode({ data: {}, meta: { ...later, format: 7 } })).meta).toStrictEqual(later);
  });

  it('reads bytes as UTF-8 and other orders and spacing of the same document', () => {
    const document = codec.encode({ data: { é: Tuple.of(1) }, meta }) as string;
    expect(codec.decode(new TextEncoder().encode(document))).toEqual(codec.decode(document));
    const { data, meta: whole } = JSON.parse(document);
    expect(codec.decode(JSON.stringify({ data, meta: whole }, null, 2))).toEqual(codec.decode(document));
    expect(codeOf(() => codec.decode(new Uint8Array([0x22, 0xff, 0x22])))).toBe('DOCUMENT_UNREADABLE');
  });

  it('calls a later format DOCUMENT_NEWER, whatever else is in it', () => {
    for (const text of [documentWith({ format: 2 }), '{"meta":{"format":9},"body":{" n":"x"}}']) {
      expect(codeOf(() => codec.decode(text))).toBe('DOCUMENT_NEWER');
    }
  });

  it.each([
    'null',
    '1',
    '"x"',
    '[]',
    '{}',
    '',
    '{"meta":{}}',
    '{"meta":[],"data":{}}',
    '{"meta":null,"data":{}}',
    '{"~closed":"n"}',
    documentWith({ format: undefined }),
    documentWith({ format: 0 }),
    documentWith({ format: '1' }),
    documentWith({ format: 1.5 }),
    documentWith({ created: -1 }),
    documentWith({ created: '5' }),
    documentWith({ created: undefined }),
    documentWith({}).replace('"created":5', '"created":1e999'),
    documentWith({ commits: 0.5 }),
    documentWith({ commits: -1 }),
    documentWith({ commits: undefined }),
    documentWith({ nonces: undefined }),
    documentWith({ nonces: [1] }),
    documentWith({ nonces: 'a' }),
    documentWith({ address: null }),
    documentWith({ permanent: 1 }),
    documentWith({ linked: [null] }),
    documentWith({ authenticated: 'ann' }),
    documentWith({ authenticated: { user: 1, at: 1 } }),
    documentWith({ authenticated: { user: 'a' } }),
    documentWith({ authenticated: { user: 'a', at: 1, methods: 1 } }),
    documentWith({ authenticated: { user: 'a', at: 1, version: {} } }),
    documentWith({}).replace('"data":{}', '"data":[]'),
    documentWith({}).replace('"data":{}', '"data":null'),
    documentWith({}).replace('"data":{}', '"data":{" M":[]}'),
    documentWith({}).replace('"data":{}', '"data":{" t":[]}'),
    documentWith({}).replace('"data":{}', '"data":{"__proto__":{}}'),
    documentWith({}).replace('"data":{}', '"data":{"a":{" n":"x"}}'),
    documentWith({}).replace('"data":{}', '"later":{}'),
    documentWith({ constructor: 1 }),
  ])('calls %s DOCUMENT_UNREADABLE', (text) => {
    expect(codeOf(() => codec.decode(text))).toBe('DOCUMENT_UNREADABLE');
  });

  it('never throws anything without a code, whatever is cut from or changed in a document', () => {
    const document = codec.encode({ data: { a: Tuple.of(1n), m: new Map([[1, new Date(1)]]), é: {} }, meta }) as string;
    const codes = ['DOCUMENT_UNREADABLE', 'DOCUMENT_NEWER', 'nothing was thrown'];
    fc.assert(
      fc.property(fc.nat(document.length), fc.nat(3), fc.string({ maxLength: 3 }), (at, length, put) => {
        const damaged = document.slice(0, at) + put + document.slice(at + length);
        expect(codes).toContain(codeOf(() => codec.decode(damaged)));
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses data that is no plain object', () => {
    for (const data of [new Map(), [], Tuple.of(1)]) {
      expect(codeOf(() => codec.encode({ data: data as never, meta }))).toBe('VALUE_UNSUPPORTED');
    }
  });

  it("asks no user's tag about the data itself, which would then be no record", () => {
    const cart: Tag = {
      key: ' cart',
      position: 0,
      check: (value: any) => typeof value === 'object' && value !== null && 'total' in value,
      encode: (value) => value.total,
      decode: (total) => ({ total }),
    };
    const document = codecWith(cart).encode({ data: { total: 1, cart: { total: 2 } }, meta });
    expect(document).toContain('"data":{"total":1,"cart":{" cart":2}}');
    expect(codecWith(cart).decode(document).data).toEqual({ total: 1, cart: { total: 2 } });
  });

  it('takes single values as text and back', () => {
    const value = { at: new Date(1), list: [1n] };
    expect(codec.decodeValue(codec.encodeValue(value))).toStrictEqual(value);
  });
});

describe('the bounds that a native codec looks at while it decodes', () => {
  const bounded = boundedDecode(codec) as NonNullable<ReturnType<typeof boundedDecode>>;
  /** Decoded first, walked then: what any other codec gets. */
  const walked = (document: string, limits: Limits) => {
    const decoded = codec.decode(document);
    checkBounds(decoded.data, limits);
    return decoded;
  };
  const chain = (levels: number, open: string, close: string) =>
    `{"meta":{"format":1,"created":5,"commits":2,"nonces":[]},"data":${open.repeat(levels)}1${close.repeat(levels)}}`;
  const small = fc.record({
    bytes: fc.constantFrom(1, 3, 1000),
    depth: fc.integer({ min: 0, max: 8 }),
    keys: fc.integer({ min: 0, max: 200 }),
  });

  it('are those of the walk, whatever the data and the limits', () => {
    const json = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 6 }), { noNullPrototype: true });
    const data = fc.oneof(json, fc.dictionary(key, anyValue, { noNullPrototype: true }));
    fc.assert(
      fc.property(data, small, fc.boolean(), (values, limits, spaced) => {
        let document = '';
        try {
          document = codec.encode({ data: values, meta }) as string;
        } catch {
          return;
        }
        if (spaced) document = JSON.stringify(JSON.parse(document), null, 1);
        const code = codeOf(() => walked(document, limits));
        expect(codeOf(() => bounded(document, limits))).toBe(code);
        if (code !== 'nothing was thrown') return;
        const { data, meta: found, members } = bounded(document, limits);
        expect({ data, meta: found }).toStrictEqual(walked(document, limits));
        if (members !== undefined) expect(JSON.parse(JSON.stringify(data))).toStrictEqual(data);
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, string, string]>([
    ['objects', '{"a":', '}'],
    ['objects among white space', '{ \n"a": ', ' }'],
    ['lists in an object', '[', ']'],
  ])('hold for %s to the level', (_, open, close) => {
    for (let levels = 1; levels < 24; levels++) {
      const document = chain(levels, open, close).replace('"data":[', '"data":{"a":[').replace(/\]\}$/, ']}}');
      expect(codeOf(() => bounded(document, DEFAULT_LIMITS))).toBe(codeOf(() => walked(document, DEFAULT_LIMITS)));
    }
  });

  it('hold for lists of the shortest items to the item', () => {
    for (let items = 995; items < 1005; items++) {
      const document = chain(1, `{"a":[${'1,'.repeat(items - 1)}`, ']}');
      expect(codeOf(() => bounded(document, DEFAULT_LIMITS))).toBe(
        items > 999 ? 'SESSION_TOO_LARGE' : 'nothing was thrown',
      );
    }
  });

  it('are walked for what a tag makes of its content', () => {
    class Many {
      readonly items: readonly number[];
      constructor(size: number) {
        this.items = Array.from({ length: size }, () => 0);
      }
    }
    const many: Tag<Many> = {
      key: ' many',
      check: (value) => value instanceof Many,
      encode: ({ items }) => items.length,
      decode: (size) => new Many(size as number),
    };
    const own = codecWith(many);
    const document = own.encode({ data: { a: new Many(2000) }, meta });
    expect(own.decode(document).data).toHaveProperty('a');
    expect(codeOf(() => boundedDecode(own)?.(document, DEFAULT_LIMITS))).toBe('SESSION_TOO_LARGE');
  });

  it.each<[string, string]>([
    ['a tag', '{"a":{" d":"Thu, 01 Jan 1970 00:00:00 GMT"}}'],
    ['a tag spelt by an escape', '{"a":{"\\u0020d":"Thu, 01 Jan 1970 00:00:00 GMT"}}'],
    ['minus nought', '{"a":[-0]}'],
    ['a number that JavaScript has no word for', '{"a":1e400}'],
  ])('tell no number of members where there is %s', (_, data) => {
    const document = `{"meta":{"format":1,"created":5,"commits":2,"nonces":[]},"data":${data}}`;
    expect(bounded(document, DEFAULT_LIMITS).members).toBeUndefined();
    expect(bounded(document.replace(data, '{"a":[{"b":1},2]}'), DEFAULT_LIMITS).members).toBe(4);
  });

  it('are no matter of a codec that wraps a native one', () => {
    expect(boundedDecode({ ...codec })).toBe(bounded);
    expect(boundedDecode({ ...codec, decode: (document) => codec.decode(document) })).toBeUndefined();
  });
});

describe('the encode that does not look for tags where none can be', () => {
  it('writes the same text', () => {
    const data = fc.dictionary(fc.oneof(fc.string({ maxLength: 4 }), key), fc.jsonValue(), { noNullPrototype: true });
    fc.assert(
      fc.property(data, fc.dictionary(key, anyValue, { noNullPrototype: true }), (read, written) => {
        // What is read is what JSON can say.
        const plain = JSON.parse(JSON.stringify(read)) as Record<string, unknown>;
        const record = { data: { ...plain, ...written }, meta };
        const has = (name: string) => !Object.hasOwn(written, name);
        if (codeOf(() => codec.encode({ data: plain, meta })) !== 'nothing was thrown') return;
        const whole = codec.encode({ data: plain, meta }) as string;
        const { members } = boundedDecode(codec)?.(whole, { bytes: 1e6, depth: 100, keys: 1e5 }) ?? {};
        if (members === undefined) return;
        expect(shortEncode(codec)?.(record, { members, has })).toBe(codec.encode(record));
      }),
      { numRuns: 1000 },
    );
  });

  it("is no matter of codecs with users' tags, or that are wrapped", () => {
    const never: Tag = { key: ' never', check: () => false, encode: () => null, decode: () => null };
    expect(shortEncode(codecWith(never))).toBeUndefined();
    expect(shortEncode({ ...codec, encode: (record) => codec.encode(record) })).toBeUndefined();
  });
});
