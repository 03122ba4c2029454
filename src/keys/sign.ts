import { decodeBase64url, encodeBase64url } from './base64url.ts';
import { equal } from './equal.ts';
import { isId } from './ids.ts';
import { KEY_ID_LENGTH, type KeyRing, type RingKey } from './ring.ts';

const ID_LENGTH = 43;
const MAC_LENGTH = 43;
const KEY_AT = ID_LENGTH + 1;
const MAC_AT = KEY_AT + KEY_ID_LENGTH + 1;

/** Characters of a signed id. */
export const SIGNED_LENGTH: number = MAC_AT + MAC_LENGTH;

/** What a value was found to say, and whether an old key said it: then it is to be written anew. */
export interface SignedId {
  readonly id: string;
  readonly stale: boolean;
}

/**
 * An id with a MAC: `<id>.<key id>.<HMAC-SHA-256>`, 96 characters, made of cookie octets only. The MAC covers format,
 * purpose, cookie name, key id and id, so it is worth nothing in another cookie (R11).
 */
export function signId(ring: KeyRing, id: string): string {
  const key = ring.current;
  return `${id}.${key.id}.${encodeBase64url(macOf(ring, key, id))}`;
}

/** Reads what `signId` wrote; undefined for everything else, with no exception and no second spelling (R16). */
export function verifyId(ring: KeyRing, value: string): SignedId | undefined {
  if (value.length !== SIGNED_LENGTH || value[ID_LENGTH] !== '.' || value[MAC_AT - 1] !== '.') return undefined;
  const id = value.slice(0, ID_LENGTH);
  if (!isId(id)) return undefined;
  const key = ring.find(value.slice(KEY_AT, MAC_AT - 1));
  const mac = key && decodeBase64url(value.slice(MAC_AT));
  if (key === undefined || mac === undefined || !equal(mac, macOf(ring, key, id))) return undefined;
  return { id, stale: key !== ring.current };
}

function macOf(ring: KeyRing, key: RingKey, id: string): Uint8Array {
  return key.mac(`${ring.purpose}\0${ring.name}\0${key.id}\0${id}`);
}
