import { Buffer } from 'node:buffer';
import { hkdfExpand, hkdfExtract } from '../keys/hkdf.ts';
import type { RequestState } from './request-state.ts';

// RFC 5869 section 3.1: a constant salt that names the application.
const SALT = Buffer.from('coatcheck');

/**
 * A key of 32 bytes that dies with the session's id, for MACs that are bound to it: HKDF-SHA-256 of the id, for one
 * use (R11). It leads back to nothing. Undefined where the request showed no ticket and has none yet.
 */
export function derivedKey(session: RequestState, use: string): Uint8Array | undefined {
  const { secretId } = session;
  if (secretId === undefined) return undefined;
  return hkdfExpand(hkdfExtract(SALT, Buffer.from(secretId)), Buffer.from(`coatcheck\0session\0${use}`));
}
