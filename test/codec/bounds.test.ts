import { describe, expect, it } from 'vitest';
import { checkBounds, checkDocument, DEFAULT_LIMITS, type Limits } from '../../src/codec/bounds.ts';

const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = wrap(value);
  return value;
};
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'nothing was thrown';
};
const limits = (change: Partial<Limits>): Limits => ({ ...DEFAULT_LIMITS, ...change });

describe('the bounds of a session', () => {
  it('are 64 KiB, 16 levels and 1000 keys', () => {
    expect(DEFAULT_LIMITS).toEqual({ bytes: 65536, depth: 16, keys: 1000 });
  });

  it.each<[string, (inner: unknown) => unknown]>([
    ['objects', (inner) => ({ inner })],
    ['arrays', (inner) => [inner]],
    ['Maps, by value', (inner) => new Map([['k', inner]])],
    ['Maps, by key', (inner) => new Map([[inner, 1]])],
    ['Sets', (inner) => new Set([inner])],
    ['instances', (inner) => Object.assign(new (class Box {})(), { inner })],
  ])('hold for the depth of %s: 16 levels, not 17', (_, wrap) => {
    checkBounds(nested(16, wrap), DEFAULT_LIMITS);
    expect(codeOf(() => checkBounds(nested(17, wrap), DEFAULT_LIMITS))).toBe('SESSION_TOO_LARGE');
    checkBounds(nested(15, wrap), DEFAULT_LIMITS, 'key');
    expect(codeOf(() => checkBounds(nested(16, wrap), DEFAULT_LIMITS, 'key'))).toBe('SESSION_TOO_LARGE');
  });

  it.each<[string, (count: number) => unknown]>([
    ['members', (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, i]))],
    ['items', (n) => Array.from({ length: n })],
    ['entries of a Map', (n) => new Map(Array.from({ length: n }, (_, i) => [i, i]))],
    ['items of a Set', (n) => new Set(Array.from({ length: n }, (_, i) => i))],
    ['all levels together', (n) => ({ a: { b: Array.from({ length: n - 2 }) } })],
  ])('hold for the number of %s: 1000, not 1001', (_, make) => {
    checkBounds(make(1000), DEFAULT_LIMITS);
    expect(codeOf(() => checkBounds(make(1001), DEFAULT_LIMITS))).toBe('SESSION_TOO_LARGE');
  });

  it('hold for the length of one text and of binary data, which has no keys', () => {
    checkBounds({ a: 'x'.repeat(65536), b: new Uint8Array(65536) }, DEFAULT_LIMITS);
    for (const value of ['x'.repeat(65537), new Uint8Array(65537)]) {
      for (const held of [value, { value }, [value]]) {
        expect(codeOf(() => checkBounds(held, DEFAULT_LIMITS))).toBe('SESSION_TOO_LARGE');
      }
    }
  });

  it('refuse the keys that reach a prototype at any depth, and look at own properties only', () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const own = JSON.parse(`{"${name}":1}`);
      for (const value of [own, [own], { a: { b: own } }, new Map([[1, own]]), new Set([own])]) {
        expect(codeOf(() => checkBounds(value, DEFAULT_LIMITS))).toBe('KEY_FORBIDDEN');
      }
    }
    checkBounds({ a: Object.create({ inherited: nested(20, (inner) => [inner]) }) }, DEFAULT_LIMITS);
  });

  it('end on values that contain themselves and on lengths without items', () => {
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    expect(codeOf(() => checkBounds(cycle, DEFAULT_LIMITS))).toBe('SESSION_TOO_LARGE');
    const twice = nested(60, (inner) => [inner, inner]);
    expect(codeOf(() => checkBounds(twice, limits({ depth: 100 })))).toBe('SESSION_TOO_LARGE');
    expect(codeOf(() => checkBounds(Array.from({ length: 0 }).concat(new Array(4e9)), DEFAULT_LIMITS))).toBe(
      'SESSION_TOO_LARGE',
    );
  });

  it('name the place', () => {
    const act = () => checkBounds({ items: [0, { big: 'x'.repeat(20) }] }, limits({ bytes: 10 }), 'cart');
    expect(act).toThrow('cart.items[1].big');
  });

  it('count the bytes of a document in UTF-8', () => {
    checkDocument('x'.repeat(65536), DEFAULT_LIMITS);
    checkDocument('é'.repeat(32768), DEFAULT_LIMITS);
    checkDocument(new Uint8Array(65536), DEFAULT_LIMITS);
    for (const document of ['x'.repeat(65537), 'é'.repeat(32769), '€'.repeat(21846), new Uint8Array(65537)]) {
      expect(codeOf(() => checkDocument(document, DEFAULT_LIMITS))).toBe('SESSION_TOO_LARGE');
    }
  });
});
