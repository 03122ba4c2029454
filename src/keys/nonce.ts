import { poolText } from './pool.ts';

/** What a commit leaves in the record to recognise itself by: 8 random bytes, 11 characters of base64url. Not a secret. */
export function newNonce(): string {
  return poolText(8);
}
