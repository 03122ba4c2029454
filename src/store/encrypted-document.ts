import { AEAD_BYTES, decrypt, encrypt } from '../keys/aead.ts';
import { decodeBase64url, encodeBase64url } from '../keys/base64url.ts';
import { KEY_ID_LENGTH, type KeyRing } from '../keys/ring.ts';
import type { Document } from './contract.ts';

/*
 * A sealed document: `~sealed:` in ASCII, then format and key id (6 bytes), salt (16), nonce (12), ciphertext, tag (16).
 * The first byte inside is `t` for a text in UTF-8 or `b` for bytes. In a store for text what follows the colon is
 * base64url. Purpose, name, format, key id and the record's key are authenticated with it.
 */
const MARK = '~sealed:';
const MARK_BYTES = new TextEncoder().encode(MARK);
const KEY_ID_BYTES = (KEY_ID_LENGTH / 4) * 3;
const TEXT = 0x74;
const BYTES = 0x62;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/** How many bytes longer than the document the sealed one is: as bytes, and under base64url. */
const INSIDE = KEY_ID_BYTES + AEAD_BYTES + 1;

/** The largest document whose sealed form has at most so many bytes. */
export function roomIn(maxBytes: number, bytes: boolean): number {
  const body = maxBytes - MARK.length;
  return Math.max(0, (bytes ? body : Math.floor((body * 3) / 4)) - INSIDE);
}

/** @param asBytes false where the store takes nothing but text */
export function sealDocument(ring: KeyRing, recordKey: string, document: Document, asBytes: boolean): Document {
  const isText = typeof document === 'string';
  const body = isText ? ENCODER.encode(document) : document;
  const plain = new Uint8Array(1 + body.byteLength);
  plain[0] = isText ? TEXT : BYTES;
  plain.set(body, 1);
  const { current } = ring;
  const sealed = encrypt(current, plain, recordKey);
  if (!asBytes) return MARK + current.id + encodeBase64url(sealed);
  const whole = new Uint8Array(MARK_BYTES.byteLength + KEY_ID_BYTES + sealed.byteLength);
  whole.set(MARK_BYTES);
  whole.set(decodeBase64url(current.id) as Uint8Array, MARK_BYTES.byteLength);
  whole.set(sealed, MARK_BYTES.byteLength + KEY_ID_BYTES);
  return whole;
}

/** Whether a document says of itself that it is sealed. */
export function isSealed(document: Document): boolean {
  if (typeof document === 'string') return document.startsWith(MARK);
  return MARK_BYTES.every((byte, at) => document[at] === byte);
}

/** The document that was sealed for this record; undefined for anything else. */
export function openDocument(ring: KeyRing, recordKey: string, sealed: Document): Document | undefined {
  const parts = isSealed(sealed) ? partsOf(sealed) : undefined;
  const key = parts && ring.find(parts.id);
  const plain = key && parts && decrypt(key, parts.body, recordKey);
  if (plain?.[0] === TEXT) return DECODER.decode(plain.subarray(1));
  return plain?.[0] === BYTES ? new Uint8Array(plain.subarray(1)) : undefined;
}

function partsOf(sealed: Document): { readonly id: string; readonly body: Uint8Array } | undefined {
  if (typeof sealed === 'string') {
    const bodyAt = MARK.length + KEY_ID_LENGTH;
    const body = decodeBase64url(sealed.slice(bodyAt));
    return body && { id: sealed.slice(MARK.length, bodyAt), body };
  }
  const bodyAt = MARK_BYTES.byteLength + KEY_ID_BYTES;
  return { id: encodeBase64url(sealed.subarray(MARK_BYTES.byteLength, bodyAt)), body: sealed.subarray(bodyAt) };
}
