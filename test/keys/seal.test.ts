import { Buffer } from 'node:buffer';
import { createCipheriv } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { open, SEALED_MAX, seal } from '../../src/keys/seal.ts';
import { NEW, OLD, OTHER, ringOf, seeded, thrown } from './helpers.ts';

const ring = ringOf(OLD);
const TEXT = JSON.stringify({ data: { user: 'ann', cart: ['ä', '\u{1F600}'] } });

const flipped = (sealed: string, at: number, bit: number): string => {
  const bytes = Buffer.from(sealed, 'base64url');
  bytes[at] = (bytes[at] ?? 0) ^ bit;
  return bytes.toString('base64url');
};

describe('a sealed text', { timeout: 60_000 }, () => {
  it('comes back as it was, of every length and language', () => {
    for (const text of ['', 'a', TEXT, 'ü'.repeat(500), 'x'.repeat(3000)]) {
      expect(open(ring, seal(ring, text))).toEqual({ text, stale: false });
    }
  });

  // R3
  it('shows nothing of the text, and is base64url', () => {
    const sealed = seal(ring, TEXT);
    expect(sealed).toMatch(/^[\w-]+$/);
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toMatch(/ann|cart|user|data/);
  });

  // R10
  it('never has the salt and nonce of another, though the texts are equal', () => {
    const draws = 20_000;
    const salts = new Set<string>();
    const nonces = new Set<string>();
    for (let n = 0; n < draws; n += 1) {
      const bytes = Buffer.from(seal(ring, 'same'), 'base64url');
      salts.add(bytes.toString('hex', 6, 22));
      nonces.add(bytes.toString('hex', 22, 34));
    }
    expect([salts.size, nonces.size]).toEqual([draws, draws]);
  });

  // R9, R10: the published construction, rebuilt from the bytes of the value.
  it('is AES-256-GCM under the one-time key of its salt, with the context authenticated', () => {
    const bytes = Buffer.from(seal(ring, TEXT), 'base64url');
    const key = ring.current.oneTimeKey(bytes.subarray(6, 22));
    const cipher = createCipheriv('aes-256-gcm', key, bytes.subarray(22, 34));
    cipher.setAAD(Buffer.from(`coatcheck\u00001\0session\0__Host-session\0${ring.current.id}\0`));
    const expected = Buffer.concat([cipher.update(TEXT, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    expect(bytes.subarray(34).equals(expected)).toBe(true);
    expect(ring.current.oneTimeKey(new Uint8Array(16))).not.toEqual(key);
  });

  // R13
  it('survives the change of the secret, is stale then, and dead when its secret goes', () => {
    const sealed = seal(ring, TEXT);
    expect(open(ringOf([NEW, OLD]), sealed)).toEqual({ text: TEXT, stale: true });
    expect(open(ringOf([OLD, NEW]), sealed)).toEqual({ text: TEXT, stale: false });
    expect(open(ringOf([NEW]), sealed)).toBeUndefined();
  });

  // R11
  it('is worth nothing in any other cookie: values swapped among five are all refused', () => {
    const rings = [
      ringOf(OLD, 'session', '__Host-session'),
      ringOf(OLD, 'flash', '__Host-flash'),
      ringOf(OLD, 'csrf', '__Host-csrf'),
      ringOf(OLD, 'remember', '__Host-remember'),
      ringOf(OLD, 'session', '__Host-other'),
      ringOf(OTHER, 'session', '__Host-session'),
    ];
    for (const from of rings) {
      const sealed = seal(from, TEXT);
      for (const to of rings) {
        if (to === from) continue;
        expect(open(to, sealed)).toBeUndefined();
        expect(open(to, to.current.id + sealed.slice(8))).toBeUndefined();
      }
    }
  });

  // R14
  it('does not choose its suite: unsigned JSON, base64 JSON, alg none and other format numbers open nothing', () => {
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    const body = Buffer.from(TEXT).toString('base64url');
    for (const value of [TEXT, body, `${header}.${body}.`, `${header}${body}`, '', ring.current.id]) {
      expect(open(ring, value)).toBeUndefined();
    }
    const sealed = seal(ring, TEXT);
    for (let format = 0; format < 256; format += 1) {
      if (format !== 1) expect(open(ring, flipped(sealed, 0, 1 ^ format))).toBeUndefined();
    }
  });

  // R15, R16
  it('is refused after the flip of any single bit', () => {
    const sealed = seal(ring, 'short');
    const length = Buffer.from(sealed, 'base64url').byteLength;
    for (let at = 0; at < length; at += 1) {
      for (let bit = 1; bit < 256; bit *= 2) expect(open(ring, flipped(sealed, at, bit))).toBeUndefined();
    }
  });

  // R16
  it('has one spelling: stray bits, padding, white space and the other alphabet are refused', () => {
    // 50 bytes and the text: one byte gives 51, two give 52 and so four unused bits, three give two.
    for (const text of ['a', 'ab', 'abc', TEXT]) {
      const sealed = seal(ring, text);
      for (const other of [`${sealed}=`, `${sealed}==`, `${sealed} `, `${sealed}\n`, ` ${sealed}`, `${sealed}A`]) {
        expect(open(ring, other)).toBeUndefined();
      }
      const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
      expect(alphabet.filter((last) => open(ring, sealed.slice(0, -1) + last))).toEqual([sealed.at(-1)]);
    }
    for (let n = 0; n < 50; n += 1) {
      const sealed = seal(ring, TEXT);
      const lenient = sealed.replaceAll('-', '+').replaceAll('_', '/');
      if (lenient !== sealed) expect(open(ring, lenient)).toBeUndefined();
    }
  });

  it('is refused when cut at any place', () => {
    const sealed = seal(ring, 'short');
    for (let length = 0; length < sealed.length; length += 1)
      expect(open(ring, sealed.slice(0, length))).toBeUndefined();
  });

  // R43
  it('is measured before it is given out: beyond the limit it is an error that says how long it would be', () => {
    expect(seal(ring, 'x'.repeat(1000), 1401)).toHaveLength(1400);
    const { code, message } = thrown(() => seal(ring, 'x'.repeat(3000), 3800));
    expect(code).toBe('SESSION_TOO_LARGE');
    expect(message).toMatch(/would have 4067 characters and may have 3800/);
    expect(message).not.toContain('xxx');
    let fits = 0;
    while (thrown(() => seal(ring, 'ä'.repeat(fits + 1))).code === 'nothing') fits += 1;
    expect(seal(ring, 'ä'.repeat(fits)).length).toBeLessThanOrEqual(SEALED_MAX);
    expect(fits).toBe(1511);
  });

  // R15
  it('is not even decoded when longer than the limit', () => {
    const sealed = seal(ring, 'x'.repeat(3000), 5000);
    expect(open(ring, sealed, 5000)?.text).toHaveLength(3000);
    expect(open(ring, sealed, sealed.length - 1)).toBeUndefined();
  });

  // R49
  it('is never made by 10,000 mutations of a good one', () => {
    const next = seeded(3);
    const sealed = seal(ring, TEXT);
    for (let n = 0; n < 10_000; n += 1) {
      const at = Math.floor(next() * sealed.length);
      const character = String.fromCharCode(Math.floor(next() * 256));
      const mutated = sealed.slice(0, at) + character + sealed.slice(at + Math.floor(next() * 3));
      if (mutated !== sealed) expect(open(ring, mutated)).toBeUndefined();
    }
  });
});

describe('the sources of keys and cookies', () => {
  // R9
  it('use no primitive but SHA-256, HMAC, HKDF and AES-256-GCM', () => {
    for (const folder of ['../../src/keys/', '../../src/cookie/']) {
      const base = new URL(folder, import.meta.url);
      for (const file of readdirSync(base)) {
        const source = readFileSync(new URL(file, base), 'utf8');
        expect(source, file).not.toMatch(/\bmd5\b|\bsha-?1\b|\bcbc\b|\bctr\b|\becb\b|\brc4\b|Math\.random/i);
      }
    }
  });
});
