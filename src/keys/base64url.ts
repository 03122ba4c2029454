import { Buffer } from 'node:buffer';

/** Bytes as base64url text without padding (RFC 4648 section 5). */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/**
 * The inverse of `encodeBase64url`, and of nothing else: padding, `+` and `/`, white space, a length that no bytes have
 * and unused bits that are set give undefined (RFC 4648 section 3.5). So one value has exactly one spelling, and a
 * changed spelling is never a second name of the same ticket.
 *
 * @example
 * decodeBase64url('AQ'); // Uint8Array [1]
 * decodeBase64url('AR'); // undefined: the same byte, spelled with stray bits
 */
export function decodeBase64url(text: string): Uint8Array | undefined {
  // The platform's decoder is fast and lenient: what it skips makes the result shorter, what it forgives is looked for.
  const bytes = Buffer.from(text, 'base64url');
  const last = text.length % 4;
  const whole = bytes.byteLength === Math.floor((text.length * 3) / 4) && last !== 1;
  if (!whole || text.includes('+') || text.includes('/')) return undefined;
  if (last !== 0 && !(last === 2 ? 'AQgw' : 'AEIMQUYcgkosw048').includes(text.charAt(text.length - 1)))
    return undefined;
  return bytes;
}
