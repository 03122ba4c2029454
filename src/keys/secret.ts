import { Buffer } from 'node:buffer';
import { CoatcheckError } from '../errors.ts';
import { Redacted } from './redacted.ts';
import { weaknessOf } from './weakness.ts';

/**
 * A secret as it is given: the UTF-8 bytes of a text, or bytes. At least 32 bytes, and nothing is decoded: hex and
 * base64 count as the text that they are.
 */
export type Secret = string | Uint8Array;

/** Secrets that were checked, the one that writes first. */
export type Secrets = readonly [Redacted<Uint8Array>, ...Redacted<Uint8Array>[]];

/** The command that the errors tell people to run. */
export const SECRET_COMMAND: string = `node -e "console.log(require('node:crypto').randomBytes(32).toString('base64url'))"`;

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Reads the `secret` option: one secret, or a list whose first element writes and whose every element reads. There is
 * no built-in default and no ephemeral secret.
 *
 * @param what the option's name, for the messages
 * @throws CoatcheckError `SECRET_REQUIRED` where there is none, such as an environment variable that is not set;
 * `SECRET_WEAK` if any element is short, repeats itself, counts or is a placeholder (OWASP ASVS 11.2.3, 13.2.3);
 * `OPTION_INVALID` if one is neither text nor bytes
 *
 * @example
 * readSecrets([process.env.SECRET_NEW, process.env.SECRET_OLD], 'secret');
 */
export function readSecrets(secret: Secret | readonly (Secret | undefined)[] | undefined, what: string): Secrets {
  const list = Array.isArray(secret) ? (secret as readonly unknown[]) : [secret];
  const [first, ...rest] = list.map((element, index) =>
    readOne(element, Array.isArray(secret) ? `${what}[${index}]` : what),
  );
  if (first === undefined) throw missing(what);
  return [first, ...rest];
}

function readOne(element: unknown, what: string): Redacted<Uint8Array> {
  if (element === undefined || element === null) throw missing(what);
  const bytes = bytesOf(element, what);
  const weakness = weaknessOf(bytes);
  if (weakness !== undefined) {
    throw new CoatcheckError(
      'SECRET_WEAK',
      `${what} is too weak: ${weakness}. Make a good one with: ${SECRET_COMMAND}`,
    );
  }
  return new Redacted(bytes);
}

function bytesOf(element: unknown, what: string): Uint8Array {
  if (element instanceof Uint8Array) return Uint8Array.from(element);
  if (typeof element === 'string' && !LONE_SURROGATE.test(element)) return Buffer.from(element, 'utf8');
  throw new CoatcheckError(
    'OPTION_INVALID',
    `${what} must be well-formed text or a Uint8Array of at least 32 bytes. Make one with: ${SECRET_COMMAND}`,
  );
}

function missing(what: string): CoatcheckError {
  return new CoatcheckError(
    'SECRET_REQUIRED',
    `${what} is missing. If it comes from an environment variable, that variable is not set. Make one with: ${SECRET_COMMAND}`,
  );
}
