import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Meta } from '../../src/codec/contract.ts';
import { codecWith, nativeCodec } from '../../src/codec/native.ts';
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
