const POOL_BYTES = 3072;
const VERSION_BYTES = 12;

/** The digits of base64url as codes. A call of `Buffer.toString` would take twice as long, with every write. */
const DIGITS: Uint8Array = Uint8Array.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  (digit) => digit.charCodeAt(0),
);

let pool: Uint8Array | undefined;
let next = POOL_BYTES;
const moment = new Float64Array(1);
const momentWords = new Uint32Array(moment.buffer);

/**
 * A version that was never given before: 12 random bytes, 16 characters of base64url. Random and not counted, so that
 * it does not come back when a record is destroyed and created anew.
 *
 * Drawn from a pool, for one call to the platform a version would cost more than all else that a write does here. The
 * time is mixed in: two copies of one running process, as a snapshot makes them, go on with equal pools, and an equal
 * version would hide that one overwrote the other.
 */
export function newVersion(): string {
  pool ??= new Uint8Array(POOL_BYTES);
  if (next === POOL_BYTES) {
    globalThis.crypto.getRandomValues(pool);
    next = 0;
  }
  const start = next;
  next += VERSION_BYTES;
  moment[0] = performance.now();
  const low = momentWords[0] as number;
  const high = momentWords[1] as number;
  const a = bitsAt(pool, start) ^ (low & 0xffffff);
  const b = bitsAt(pool, start + 3) ^ ((low >>> 24) | ((high & 0xffff) << 8));
  const c = bitsAt(pool, start + 6) ^ (high >>> 16);
  const d = bitsAt(pool, start + 9);
  return String.fromCharCode(
    digit(a >> 18),
    digit(a >> 12),
    digit(a >> 6),
    digit(a),
    digit(b >> 18),
    digit(b >> 12),
    digit(b >> 6),
    digit(b),
    digit(c >> 18),
    digit(c >> 12),
    digit(c >> 6),
    digit(c),
    digit(d >> 18),
    digit(d >> 12),
    digit(d >> 6),
    digit(d),
  );
}

/** 24 bits. */
function bitsAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

/** The lowest six bits as a digit. */
function digit(bits: number): number {
  return DIGITS[bits & 63] as number;
}
