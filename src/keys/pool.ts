import { Buffer } from 'node:buffer';

const POOL_BYTES = 2048;

// Filled on the first use and not at module load, which some edge runtimes forbid and a start-up snapshot would copy (R2).
let pool: Buffer | undefined;
let next = POOL_BYTES;
const moment = new Float64Array(1);
const momentBytes = new Uint8Array(moment.buffer);

/**
 * Takes at least eight bytes out of the pool; where they begin. No byte is given twice, and the first eight are mixed with the time:
 * two copies of one running process, as a snapshot makes them, go on with equal pools but not at equal moments.
 */
function take(from: Buffer, count: number): number {
  if (next + count > POOL_BYTES) {
    globalThis.crypto.getRandomValues(from);
    next = 0;
  }
  const start = next;
  next += count;
  moment[0] = performance.now();
  for (let i = 0; i < 8; i++) from[start + i] = (from[start + i] as number) ^ (momentBytes[i] as number);
  return start;
}

/**
 * Random bytes for salts and nonces, which must be unique and are no secrets: one call to the platform for each would
 * cost more than the cipher they are for. Ids are drawn one by one, see `newId`. A view, to be used up at once.
 */
export function poolBytes(count: number): Buffer {
  pool ??= Buffer.alloc(POOL_BYTES);
  const start = take(pool, count);
  return pool.subarray(start, start + count);
}

/** The same as base64url text. */
export function poolText(count: number): string {
  pool ??= Buffer.alloc(POOL_BYTES);
  const start = take(pool, count);
  return pool.toString('base64url', start, start + count);
}
