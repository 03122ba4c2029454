import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { CoatcheckError } from '../errors.ts';
import { encodeBase64url } from './base64url.ts';
import { hkdfExpand, hkdfExtract, hkdfFirst } from './hkdf.ts';
import type { Secrets } from './secret.ts';

/**
 * The one suite there is: HKDF-SHA-256, HMAC-SHA-256, AES-256-GCM. Written in front of every value; a value with
 * another number has no key in any ring, so it never chooses its own algorithm (R14).
 */
export const FORMAT = 1;

/** Characters of a key's id: format number and 5 bytes, which is whole base64url without bits left over. */
export const KEY_ID_LENGTH = 8;

/** Bytes of salt in a sealed value. */
export const SALT_LENGTH = 16;

// RFC 5869 section 3.1: a constant salt that names the application.
const SALT = Buffer.from('coatcheck');

/** What one secret is worth for one purpose and one cookie name. Shows nothing of itself but its id. */
export class RingKey {
  /** What a value names its key by: derived from the secret, 8 characters of base64url, no secret itself. */
  readonly id: string;
  /** Purpose, name, format and id as bytes: what a sealed value authenticates beside its text (R11). */
  readonly context: Uint8Array;
  readonly #prk: Uint8Array;
  /** Purpose and use, then room for a salt and HKDF's counter: made once, filled in for each value. */
  readonly #sealing: Buffer;
  readonly #signing: Uint8Array;

  constructor(secret: Uint8Array, purpose: string, name: string) {
    const use = (what: string): Uint8Array => Buffer.from(`coatcheck\0${FORMAT}\0${purpose}\0${name}\0${what}\0`);
    this.#prk = hkdfExtract(SALT, secret);
    this.id = encodeBase64url(Uint8Array.of(FORMAT, ...hkdfExpand(this.#prk, use('id')).subarray(0, 5)));
    this.context = use(this.id);
    this.#sealing = Buffer.concat([use('seal'), new Uint8Array(SALT_LENGTH), Uint8Array.of(1)]);
    this.#signing = hkdfExpand(this.#prk, use('sign'));
  }

  /** HMAC-SHA-256 of a text, with a key for nothing else. */
  mac(text: string): Uint8Array {
    return createHmac('sha256', this.#signing).update(text, 'utf8').digest();
  }

  /** The AES key of one sealed value: HKDF-Expand with the value's salt in the info (R10). */
  oneTimeKey(salt: Uint8Array): Uint8Array {
    const info = this.#sealing;
    info.set(salt, info.length - 1 - SALT_LENGTH);
    return hkdfFirst(this.#prk, info);
  }

  toJSON(): object {
    return { id: this.id };
  }
}

/**
 * The keys of one purpose and one cookie name, out of the secrets that rotate: the first writes, all read, and a
 * secret taken off the list is dead at once (R13). A value made for another purpose or name finds no key here (R11).
 *
 * @throws CoatcheckError `OPTION_INVALID` for a purpose or a name that is empty or holds a NUL, which would blur where
 * one ends and the other begins
 *
 * @example
 * const ring = new KeyRing(readSecrets([newSecret, oldSecret], 'secret'), 'session', '__Host-session');
 */
export class KeyRing {
  readonly purpose: string;
  readonly name: string;
  /** The key that writes. */
  readonly current: RingKey;
  readonly #keys: ReadonlyMap<string, RingKey>;

  constructor(secrets: Secrets, purpose: string, name: string) {
    for (const part of [purpose, name]) {
      if (part === '' || part.includes('\0')) {
        throw new CoatcheckError('OPTION_INVALID', 'The purpose and the name of a key ring must be texts without NUL.');
      }
    }
    const [first, ...rest] = secrets.map((secret) => new RingKey(secret.reveal(), purpose, name));
    if (first === undefined) throw new CoatcheckError('SECRET_REQUIRED', 'A key ring needs at least one secret.');
    this.purpose = purpose;
    this.name = name;
    this.current = first;
    // Backwards, so that the writing key wins should the same secret be listed twice.
    this.#keys = new Map([first, ...rest].reverse().map((key) => [key.id, key]));
  }

  /** The key that a value names, if it is one of ours: a lookup and no trial and error. */
  find(id: string): RingKey | undefined {
    return this.#keys.get(id);
  }

  toJSON(): object {
    return { purpose: this.purpose, name: this.name, keys: [...this.#keys.keys()] };
  }
}
