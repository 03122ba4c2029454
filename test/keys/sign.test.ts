import { describe, expect, it } from 'vitest';
import { newId } from '../../src/keys/ids.ts';
import { SIGNED_LENGTH, signId, verifyId } from '../../src/keys/sign.ts';
import { NEW, OLD, OTHER, ringOf, seeded } from './helpers.ts';

describe('a signed id', { timeout: 60_000 }, () => {
  const ring = ringOf(OLD, 'ticket');
  const id = newId();
  const signed = signId(ring, id);

  it('gives the id back and is made of cookie octets', () => {
    expect(verifyId(ring, signed)).toEqual({ id, stale: false });
    expect(signed).toMatch(/^[\w-]{43}\.[\w-]{8}\.[\w-]{43}$/);
    expect(signed).toHaveLength(SIGNED_LENGTH);
  });

  // R13
  it('survives the change of the secret, is stale then, and dead when its secret goes', () => {
    expect(verifyId(ringOf([NEW, OLD], 'ticket'), signed)).toEqual({ id, stale: true });
    expect(verifyId(ringOf([OLD, NEW], 'ticket'), signed)).toEqual({ id, stale: false });
    expect(verifyId(ringOf([NEW], 'ticket'), signed)).toBeUndefined();
  });

  // R11
  it('is worth nothing for another purpose, another cookie name or another secret', () => {
    for (const other of [ringOf(OLD, 'session'), ringOf(OLD, 'ticket', 'session'), ringOf(OTHER, 'ticket')]) {
      expect(verifyId(other, signed)).toBeUndefined();
      // Not even with the key id that the other ring knows.
      expect(verifyId(other, signed.slice(0, 44) + other.current.id + signed.slice(52))).toBeUndefined();
    }
  });

  // R5, R6
  it('is refused when shorter, longer or empty, without an exception', () => {
    for (let length = 0; length < signed.length; length += 1) {
      expect(verifyId(ring, signed.slice(0, length))).toBeUndefined();
    }
    for (const text of [`${signed}A`, ` ${signed}`, `${signed}=`, `${signed}\n`, `${id}..`, id, `.${signed}`]) {
      expect(verifyId(ring, text)).toBeUndefined();
    }
  });

  // R14, R16
  it('is refused after any change of any one character, unused bits included', () => {
    for (let at = 0; at < signed.length; at += 1) {
      for (const character of ['A', 'B', 'Q', '.', '=', '-', '\0', 'é']) {
        if (signed[at] === character) continue;
        expect(verifyId(ring, signed.slice(0, at) + character + signed.slice(at + 1))).toBeUndefined();
      }
    }
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
    const good = alphabet.filter((last) => verifyId(ring, signed.slice(0, -1) + last));
    expect(good).toEqual([signed.at(-1)]);
  });

  it('cannot be put together from the id of one and the MAC of another', () => {
    const other = signId(ring, newId());
    expect(verifyId(ring, other.slice(0, 43) + signed.slice(43))).toBeUndefined();
  });

  // R49
  it('is never made by chance out of 10,000 random texts', () => {
    const next = seeded(7);
    for (let n = 0; n < 10_000; n += 1) {
      const text = Array.from({ length: 43 }, () => String.fromCharCode(33 + Math.floor(next() * 94))).join('');
      expect(verifyId(ring, `${text}.${ring.current.id}.${text}`)).toBeUndefined();
    }
  });
});
