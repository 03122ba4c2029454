import * as crypto from 'node:crypto';

// Absent on Node 20.11, older Bun and older workerd; a third of the cost of createHash where it is there.
const oneShot = (crypto as { hash?: typeof crypto.hash }).hash;

/** SHA-256 (FIPS 180-4) of a text's UTF-8 bytes. */
export const sha256: (text: string, encoding: 'hex' | 'base64url') => string =
  typeof oneShot === 'function'
    ? (text, encoding) => oneShot('sha256', text, encoding)
    : (text, encoding) => crypto.createHash('sha256').update(text, 'utf8').digest(encoding);
