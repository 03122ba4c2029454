import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64url, encodeBase64url } from '../../src/keys/base64url.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

// R16
describe('base64url', { timeout: 60_000 }, () => {
  it('gives back the bytes it wrote, for every length up to 300', () => {
    for (let length = 0; length <= 300; length += 1) {
      const input = Uint8Array.from({ length }, (_, at) => (at * 197 + length) & 255);
      expect(new Uint8Array(decodeBase64url(encodeBase64url(input)) ?? [])).toEqual(input);
    }
  });

  it('writes the vectors of RFC 4648 section 10 in its own alphabet and without padding', () => {
    const pairs = [
      ['', ''],
      ['f', 'Zg'],
      ['fo', 'Zm8'],
      ['foo', 'Zm9v'],
      ['foob', 'Zm9vYg'],
      ['fooba', 'Zm9vYmE'],
      ['foobar', 'Zm9vYmFy'],
    ] as const;
    for (const [text, encoded] of pairs) expect(encodeBase64url(Buffer.from(text))).toBe(encoded);
    expect(encodeBase64url(bytes(0xfb, 0xff, 0xbf))).toBe('-_-_');
  });

  it('encodes the part of a buffer that a view shows and nothing beside it', () => {
    expect(encodeBase64url(bytes(1, 2, 3, 4).subarray(1, 3))).toBe('AgM');
  });

  it('refuses padding, the other alphabet, white space, control characters and non-ASCII text', () => {
    const wrong = [
      'Zg==',
      'Zm8=',
      '+_-_',
      '-/-_',
      'Zm9v ',
      ' Zm9v',
      'Zm\n9v',
      'Zm9v\n',
      'Zm9v\0',
      'Zm9é',
      'Zm9v=',
      '=',
    ];
    for (const text of [...wrong, 'Zm9v\u{1F600}', 'Zm9\uFF21', 'Z.m9v']) expect(decodeBase64url(text)).toBeUndefined();
  });

  it('refuses a length that no bytes have', () => {
    for (const text of ['A', 'AAAAA', 'AAAAAAAAA']) expect(decodeBase64url(text)).toBeUndefined();
  });

  it('reads exactly one of the spellings that differ in unused bits only', () => {
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
    expect(alphabet.filter((last) => decodeBase64url(`A${last}`)).join('')).toBe('AQgw');
    expect(alphabet.filter((last) => decodeBase64url(`AA${last}`)).join('')).toBe('AEIMQUYcgkosw048');
    expect(alphabet.filter((last) => decodeBase64url(`AAA${last}`))).toHaveLength(64);
  });
});

it('accepts exactly the texts that the platform spells the same way again', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'AQgwBCz09-_+/= \u00e9'), maxLength: 9 }), (text) => {
      const again = Buffer.from(text, 'base64url').toString('base64url') === text;
      expect(decodeBase64url(text) !== undefined).toBe(again);
    }),
    { numRuns: 5000 },
  );
});
