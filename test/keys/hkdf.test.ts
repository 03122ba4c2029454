import { Buffer } from 'node:buffer';
import { hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hkdfExpand, hkdfExtract } from '../../src/keys/hkdf.ts';
import { hex } from './helpers.ts';

const range = (from: number, to: number): Uint8Array =>
  Uint8Array.from({ length: to - from + 1 }, (_, at) => from + at);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

// R9: RFC 5869 appendix A.1 to A.3.
describe('HKDF-SHA-256', () => {
  it('gives test case 1 of RFC 5869', () => {
    const prk = hkdfExtract(range(0x00, 0x0c), new Uint8Array(22).fill(0x0b));
    expect(text(prk)).toBe('077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5');
    expect(text(hkdfExpand(prk, range(0xf0, 0xf9), 42))).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    );
  });

  it('gives test case 2 of RFC 5869, with long inputs', () => {
    const prk = hkdfExtract(range(0x60, 0xaf), range(0x00, 0x4f));
    expect(text(prk)).toBe('06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244');
    expect(text(hkdfExpand(prk, range(0xb0, 0xff), 82))).toBe(
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    );
  });

  it('gives test case 3 of RFC 5869, without salt and info', () => {
    const prk = hkdfExtract(new Uint8Array(0), new Uint8Array(22).fill(0x0b));
    expect(text(prk)).toBe('19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04');
    expect(text(hkdfExpand(prk, new Uint8Array(0), 42))).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    );
  });

  it('gives what the platform’s own HKDF gives, for every length up to 130', () => {
    const salt = hex('a1b2c3');
    const secret = range(1, 40);
    const info = range(5, 90);
    for (let length = 1; length <= 130; length += 1) {
      const own = hkdfExpand(hkdfExtract(salt, secret), info, length);
      expect(text(own)).toBe(Buffer.from(hkdfSync('sha256', secret, salt, info, length)).toString('hex'));
    }
  });
});
