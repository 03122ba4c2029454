import { openSealed, type SealedSession } from '../interface/sealed-value.ts';
import { decodeBase64url } from '../keys/base64url.ts';
import { isId } from '../keys/ids.ts';
import { FORMAT, KEY_ID_LENGTH, KeyRing } from '../keys/ring.ts';
import { readSecrets } from '../keys/secret.ts';
import { SIGNED_LENGTH, verifyId } from '../keys/sign.ts';
import type { Opening } from './secrets.ts';

/** What a cookie's value turns out to be. The ids are for hashing, and never to be shown. */
export type Cookie =
  | { readonly shape: 'plain ticket'; readonly id: string }
  | { readonly shape: 'signed ticket'; readonly id: string; readonly signature: 'good' | 'old' | 'wrong' | 'unchecked' }
  | {
      readonly shape: 'sealed session';
      readonly seal: 'good' | 'old';
      readonly name: string;
      readonly session: SealedSession;
    }
  | { readonly shape: 'sealed session'; readonly seal: 'wrong' };

/** Takes `name=value; Path=/` apart; a value alone is one. None of ours holds `=`, a blank or a quotation mark. */
export function splitCookie(text: string): { readonly name: string | undefined; readonly value: string } {
  const [pair = ''] = text
    .trim()
    .replace(/^(?:set-)?cookie:\s*/i, '')
    .split(';', 1);
  const at = pair.indexOf('=');
  const value = pair
    .slice(at + 1)
    .trim()
    .replace(/^"(.*)"$/, '$1');
  return { name: at < 0 ? undefined : pair.slice(0, at).trim(), value };
}

/**
 * Looks at a cookie's value.
 *
 * @returns undefined for what is none of ours
 * @throws CoatcheckError `SECRET_REQUIRED` for a sealed one, where there is no secret
 */
export function readCookie(value: string, { secrets, names }: Opening): Cookie | undefined {
  if (isId(value)) return { shape: 'plain ticket', id: value };
  const [id = '', keyId = ''] = value.split('.');
  if (value.length === SIGNED_LENGTH && isId(id) && isOurKey(keyId)) {
    if (secrets === undefined) return { shape: 'signed ticket', id, signature: 'unchecked' };
    for (const name of names) {
      const signed = verifyId(new KeyRing(secrets, 'ticket', name), value);
      if (signed !== undefined) return { shape: 'signed ticket', id, signature: signed.stale ? 'old' : 'good' };
    }
    return { shape: 'signed ticket', id, signature: 'wrong' };
  }
  if (!isOurKey(value.slice(0, KEY_ID_LENGTH)) || decodeBase64url(value.slice(KEY_ID_LENGTH)) === undefined)
    return undefined;
  for (const name of names) {
    const ring = new KeyRing(
      secrets ?? readSecrets(undefined, 'The secret (SECRET_KEY, or --secret-file FILE)'),
      'session',
      name,
    );
    const opened = openSealed(ring, value);
    if (opened === undefined) continue;
    const { stale, ...session } = opened;
    return { shape: 'sealed session', seal: stale ? 'old' : 'good', name, session };
  }
  return { shape: 'sealed session', seal: 'wrong' };
}

/** Every key's id begins with the number of the format. */
function isOurKey(id: string): boolean {
  return id.length === KEY_ID_LENGTH && decodeBase64url(id)?.[0] === FORMAT;
}
