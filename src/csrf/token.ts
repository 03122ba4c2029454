import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { decodeBase64url, encodeBase64url } from '../keys/base64url.ts';
import { equal } from '../keys/equal.ts';

/** What a token is bound to: the secret in the cookie, or the session's id. */
export type TokenKind = 'cookie' | 'session';

const LETTERS: Readonly<Record<TokenKind, string>> = { cookie: 'c', session: 's' };
const NONCE_BYTES = 16;
const MAC_BYTES = 32;

/** Characters of a token: a letter for its kind and 48 bytes. */
export const TOKEN_LENGTH = 65;

/**
 * A token: the kind's letter, 16 random bytes and an HMAC-SHA-256 over kind and bytes. Each one differs in all its
 * characters, so that compressed pages tell nothing of it (BREACH); all of one key count.
 */
export function makeToken(kind: TokenKind, key: Uint8Array): string {
  const nonce = globalThis.crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  return LETTERS[kind] + encodeBase64url(Buffer.concat([nonce, macOf(kind, key, nonce)]));
}

/** The kind that a token says it is of; undefined for what has not the shape of one. */
export function kindOf(token: unknown): TokenKind | undefined {
  if (typeof token !== 'string' || token.length !== TOKEN_LENGTH) return undefined;
  return token.startsWith('c') ? 'cookie' : token.startsWith('s') ? 'session' : undefined;
}

/** Whether `makeToken` made it of this key. In constant time. */
export function verifyToken(token: string, key: Uint8Array): boolean {
  const kind = kindOf(token);
  const bytes = kind && decodeBase64url(token.slice(1));
  if (kind === undefined || bytes?.byteLength !== NONCE_BYTES + MAC_BYTES) return false;
  return equal(bytes.subarray(NONCE_BYTES), macOf(kind, key, bytes.subarray(0, NONCE_BYTES)));
}

function macOf(kind: TokenKind, key: Uint8Array, nonce: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(`coatcheck\0csrf\x001\0${kind}\0`).update(nonce).digest();
}
