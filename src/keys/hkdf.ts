import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';

const HASH_BYTES = 32;

/*
 * HKDF-SHA-256 (RFC 5869) in its two steps. `crypto.hkdf` always does both; a key ring extracts once a secret and
 * expands once a value, which is a single HMAC for 32 bytes.
 */

/** HKDF-Extract (RFC 5869 section 2.2): a secret of any length to a pseudorandom key of 32 bytes. */
export function hkdfExtract(salt: Uint8Array, secret: Uint8Array): Uint8Array {
  return createHmac('sha256', salt).update(secret).digest();
}

/** HKDF-Expand (RFC 5869 section 2.3): `length` bytes, at most 8160, for the use that `info` names. */
export function hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number = HASH_BYTES): Uint8Array {
  let block = expandBlock(prk, undefined, info, 1);
  if (length === HASH_BYTES) return block;
  const blocks = [block];
  for (let n = 2; (n - 1) * HASH_BYTES < length; n += 1) {
    block = expandBlock(prk, block, info, n);
    blocks.push(block);
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/** The first 32 bytes of HKDF-Expand, of an info that has its counter (a 1) behind it already: one HMAC and no copy. */
export function hkdfFirst(prk: Uint8Array, infoAndCounter: Uint8Array): Uint8Array {
  return createHmac('sha256', prk).update(infoAndCounter).digest();
}

function expandBlock(prk: Uint8Array, before: Uint8Array | undefined, info: Uint8Array, n: number): Uint8Array {
  const head = before?.byteLength ?? 0;
  const input = Buffer.allocUnsafe(head + info.byteLength + 1);
  if (before !== undefined) input.set(before);
  input.set(info, head);
  input[head + info.byteLength] = n;
  return createHmac('sha256', prk).update(input).digest();
}
