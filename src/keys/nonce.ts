import { Buffer } from 'node:buffer';

const NONCE_BYTES = 8;
const POOL_BYTES = 128 * NONCE_BYTES;

// Filled on the first use and not at module load: some edge runtimes forbid randomness there, and a process snapshot
// would hand the same bytes to every copy (R2). Nonces are unique, not secret, so a pool is good enough for them.
let pool: Buffer | undefined;
let next = POOL_BYTES;

/** What a commit leaves in the record to recognise itself by: 8 random bytes, 11 characters of base64url. Not a secret. */
export function newNonce(): string {
  pool ??= Buffer.alloc(POOL_BYTES);
  if (next >= POOL_BYTES) {
    globalThis.crypto.getRandomValues(pool);
    next = 0;
  }
  const start = next;
  next += NONCE_BYTES;
  return pool.toString('base64url', start, next);
}
