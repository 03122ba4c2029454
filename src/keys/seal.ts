import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { CoatcheckError } from '../errors.ts';
import { decodeBase64url, encodeBase64url } from './base64url.ts';
import { poolBytes } from './pool.ts';
import { KEY_ID_LENGTH, type KeyRing, SALT_LENGTH } from './ring.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const TEXT_AT = SALT_LENGTH + NONCE_BYTES;
const TAG = { authTagLength: TAG_BYTES };

/** The most characters of a sealed value unless told otherwise: no cookie holds more (6265bis section 5.6). */
export const SEALED_MAX = 4096;

/** A text that came out of a seal, and whether an old key had sealed it: then it is to be sealed anew (R13). */
export interface Opened {
  readonly text: string;
  readonly stale: boolean;
}

/**
 * Seals a text, so that nobody without the secret reads or changes it: AES-256-GCM under a key for this one value.
 * The result is base64url: format and key id (6 bytes), salt (16), nonce (12), ciphertext, tag (16); 67 characters and
 * a third more than the text's UTF-8. Purpose, name, format and key id are authenticated with it.
 *
 * @param max the most characters of the result; default 4096
 * @throws CoatcheckError `SESSION_TOO_LARGE` beyond that
 */
export function seal(ring: KeyRing, text: string, max: number = SEALED_MAX): string {
  const key = ring.current;
  const random = poolBytes(TEXT_AT);
  const oneTime = key.oneTimeKey(random.subarray(0, SALT_LENGTH));
  const cipher = createCipheriv('aes-256-gcm', oneTime, random.subarray(SALT_LENGTH), TAG);
  cipher.setAAD(key.context);
  const body = cipher.update(text, 'utf8');
  // Closes the tag; GCM holds no bytes back.
  cipher.final();
  const sealed = key.id + encodeBase64url(Buffer.concat([random, body, cipher.getAuthTag()]));
  if (sealed.length <= max) return sealed;
  throw new CoatcheckError(
    'SESSION_TOO_LARGE',
    `The sealed value of ${ring.name} would have ${sealed.length} characters and may have ${max}. Keep less in it, or use a store.`,
  );
}

/**
 * Opens what `seal` made with a key of this ring; undefined for everything else. In this order (R15): size, shape,
 * authenticity; only then does the caller see a text to parse.
 *
 * @param max longer values are not looked at; default 4096
 */
export function open(ring: KeyRing, value: string, max: number = SEALED_MAX): Opened | undefined {
  if (value.length > max) return undefined;
  const key = ring.find(value.slice(0, KEY_ID_LENGTH));
  const bytes = key && decodeBase64url(value.slice(KEY_ID_LENGTH));
  if (key === undefined || bytes === undefined || bytes.byteLength < TEXT_AT + TAG_BYTES) return undefined;
  const oneTime = key.oneTimeKey(bytes.subarray(0, SALT_LENGTH));
  const decipher = createDecipheriv('aes-256-gcm', oneTime, bytes.subarray(SALT_LENGTH, TEXT_AT), TAG);
  decipher.setAAD(key.context);
  decipher.setAuthTag(bytes.subarray(bytes.byteLength - TAG_BYTES));
  const body = decipher.update(bytes.subarray(TEXT_AT, bytes.byteLength - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return { text: body.toString('utf8'), stale: key !== ring.current };
}
