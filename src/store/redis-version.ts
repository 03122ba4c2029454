import { Buffer } from 'node:buffer';

const POOL_BYTES = 3072;
const VERSION_BYTES = 12;

let pool: Buffer | undefined;
let next = POOL_BYTES;
const moment = new Float64Array(1);
const momentBytes = new Uint8Array(moment.buffer);

/**
 * A version that was never given before: 12 random bytes, 16 characters of base64url. Random and not counted, so that
 * it does not come back when a record is destroyed and created anew.
 *
 * Drawn from a pool, for one call to the platform a version would cost more than all else that a write does here. The
 * time is mixed in: two copies of one running process, as a snapshot makes them, go on with equal pools, and an equal
 * version would hide that one overwrote the other.
 */
export function newVersion(): string {
  pool ??= Buffer.alloc(POOL_BYTES);
  if (next === POOL_BYTES) {
    globalThis.crypto.getRandomValues(pool);
    next = 0;
  }
  const start = next;
  next += VERSION_BYTES;
  moment[0] = performance.now();
  for (let i = 0; i < 8; i++) pool[start + i] = (pool[start + i] as number) ^ (momentBytes[i] as number);
  return pool.toString('base64url', start, next);
}
