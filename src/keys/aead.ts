import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { poolBytes } from './pool.ts';
import { type RingKey, SALT_LENGTH } from './ring.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const TEXT_AT = SALT_LENGTH + NONCE_BYTES;
const TAG = { authTagLength: TAG_BYTES };

/** How many bytes longer than the plaintext `encrypt` makes it: salt, nonce and tag. */
export const AEAD_BYTES: number = TEXT_AT + TAG_BYTES;

/**
 * AES-256-GCM under a key for this one value: salt (16 bytes), nonce (12), ciphertext, tag (16). The key's context is
 * authenticated with it, and what is given as `associated` behind that.
 */
export function encrypt(key: RingKey, plain: string | Uint8Array, associated?: string): Buffer {
  const random = poolBytes(TEXT_AT);
  const oneTime = key.oneTimeKey(random.subarray(0, SALT_LENGTH));
  const cipher = createCipheriv('aes-256-gcm', oneTime, random.subarray(SALT_LENGTH), TAG);
  cipher.setAAD(dataBeside(key, associated));
  const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
  // Closes the tag; GCM holds no bytes back.
  cipher.final();
  return Buffer.concat([random, body, cipher.getAuthTag()]);
}

/** What `encrypt` was given; undefined for anything that this key did not make beside the same `associated`. */
export function decrypt(key: RingKey, bytes: Uint8Array, associated?: string): Buffer | undefined {
  if (bytes.byteLength < AEAD_BYTES) return undefined;
  const oneTime = key.oneTimeKey(bytes.subarray(0, SALT_LENGTH));
  const decipher = createDecipheriv('aes-256-gcm', oneTime, bytes.subarray(SALT_LENGTH, TEXT_AT), TAG);
  decipher.setAAD(dataBeside(key, associated));
  decipher.setAuthTag(bytes.subarray(bytes.byteLength - TAG_BYTES));
  const plain = decipher.update(bytes.subarray(TEXT_AT, bytes.byteLength - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plain;
}

/** A key has one context, with a NUL at its end: where the rest begins is never in doubt. */
function dataBeside(key: RingKey, associated: string | undefined): Uint8Array {
  return associated === undefined ? key.context : Buffer.concat([key.context, Buffer.from(associated, 'utf8')]);
}
