import { Buffer } from 'node:buffer';
import { timingSafeEqual } from 'node:crypto';

/**
 * Whether two secrets are equal, in a time that does not depend on where they differ (R5). The only comparison that
 * secrets may meet. Unlike `timingSafeEqual` it does not throw on different lengths: those are simply not equal. The
 * lengths themselves are public in everything that we compare.
 */
export function equal(a: Uint8Array | string, b: Uint8Array | string): boolean {
  const left = bytesOf(a);
  const right = bytesOf(b);
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

// UTF-16 and not UTF-8: UTF-8 turns every lone surrogate into the same three bytes.
function bytesOf(secret: Uint8Array | string): Uint8Array {
  return typeof secret === 'string' ? Buffer.from(secret, 'utf16le') : secret;
}
