import { Buffer } from 'node:buffer';

const POOL_BYTES = 2048;

// Filled on the first use and not at module load, which some edge runtimes forbid and a start-up snapshot would copy (R2).
let pool: Buffer | undefined;
let next = POOL_BYTES;

/** Takes bytes out of the pool; where they begin. No byte is given twice. */
function take(from: Buffer, count: number): number {
  if (next + count > POOL_BYTES) {
    globalThis.crypto.getRandomValues(from);
    next = 0;
  }
  next += count;
  return next - count;
}

/**
 * Random bytes for salts and nonces, which must be unique and are no secrets: one call to the platform for each would
 * cost more than the cipher they are for. Ids are drawn one by one, see `newId`.
 */
export function poolBytes(count: number): Buffer {
  pool ??= Buffer.alloc(POOL_BYTES);
  const start = take(pool, count);
  return Buffer.from(pool.subarray(start, start + count));
}

/** The same as base64url text. */
export function poolText(count: number): string {
  pool ??= Buffer.alloc(POOL_BYTES);
  const start = take(pool, count);
  return pool.toString('base64url', start, start + count);
}
