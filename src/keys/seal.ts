import { CoatcheckError } from '../errors.ts';
import { decrypt, encrypt } from './aead.ts';
import { decodeBase64url, encodeBase64url } from './base64url.ts';
import { KEY_ID_LENGTH, type KeyRing } from './ring.ts';

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
  const sealed = key.id + encodeBase64url(encrypt(key, text));
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
  const plain = key && bytes && decrypt(key, bytes);
  return plain && { text: plain.toString('utf8'), stale: key !== ring.current };
}
