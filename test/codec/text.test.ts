import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import type { Codec } from '../../src/codec/contract.ts';
import { nativeCodec } from '../../src/codec/native.ts';
import { valueText } from '../../src/codec/text.ts';

const plain: Codec = {
  encode: (record) => JSON.stringify(record),
  decode: (document) => JSON.parse(document as string),
};
const binary: Codec = {
  encode: (record) => new Uint8Array(serialize(record)),
  decode: (document) => deserialize(document as Uint8Array),
};
/** Verbs that need their object. */
class Bound implements Codec {
  readonly inner = nativeCodec();
  encode: Codec['encode'] = (record) => this.inner.encode(record);
  decode: Codec['decode'] = (document) => this.inner.decode(document);
  encodeValue(value: unknown): string {
    return this.inner.encodeValue(value);
  }
  decodeValue(text: string): unknown {
    return this.inner.decodeValue(text);
  }
}

describe.each([
  ['the native codec', nativeCodec()],
  ['a codec of records only', plain],
  ['a codec of bytes', binary],
  ['a codec that is a class', new Bound()],
])('values by %s', (_, codec) => {
  const { textOf, copyOf } = valueText(codec);

  it('have equal texts while they are equal, and another after a change inside', () => {
    const cart = { items: [{ id: 1 }] };
    const before = textOf(cart);
    expect(textOf({ items: [{ id: 1 }] })).toBe(before);
    cart.items.push({ id: 2 });
    expect(textOf(cart)).not.toBe(before);
    expect(typeof before).toBe('string');
  });

  it('are copied without sharing anything', () => {
    const cart = { items: [{ id: 1 }] };
    const copy = copyOf(cart);
    copy.items[0] = { id: 9 };
    expect(cart).toEqual({ items: [{ id: 1 }] });
    expect(copy).toEqual({ items: [{ id: 9 }] });
  });
});
