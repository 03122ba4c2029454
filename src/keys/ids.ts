import { CoatcheckError } from '../errors.ts';
import { encodeBase64url } from './base64url.ts';
import { sha256 } from './hash.ts';

const ID_BYTES = 32;
// 42 free characters; the 43rd carries four bits, so its low two are zero in the one canonical spelling (R16).
const ID_SHAPE = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

// A lone surrogate, which UTF-8 cannot tell from another.
const LONE_SURROGATE = /\p{Surrogate}/u;

let previous: string | undefined;

/**
 * A new session id: 32 bytes from the platform's CSPRNG, drawn for this id alone, as 43 characters of base64url
 * (OWASP ASVS 7.2.3 asks for 128 bits; this has 256, and no structure).
 *
 * @throws CoatcheckError `RANDOM_BROKEN` if the source gives the same bytes twice, on the first call already
 */
export function newId(): string {
  previous ??= prefixOf(drawId());
  const id = drawId();
  if (prefixOf(id) === previous) {
    throw new CoatcheckError(
      'RANDOM_BROKEN',
      'crypto.getRandomValues returned the same bytes twice, so no session id would be secret. Something replaced it: a mock, a polyfill or a broken runtime. Remove that.',
    );
  }
  previous = prefixOf(id);
  return id;
}

/** Whether a text has the exact shape of an id, last character included. Linear; to be asked before anything else (R6). */
export function isId(text: string): boolean {
  return text.length === 43 && ID_SHAPE.test(text);
}

/**
 * The name under which a store keeps an id's record: 64 hex characters, SHA-256 of the id. A plain hash is enough for
 * 256 random bits (OWASP ASVS 6.5.2); a leaked store gives no usable ticket (R4).
 */
export function keyOf(id: string): string {
  return sha256(id, 'hex');
}

/**
 * A session's public name, derived from its key: 22 characters of base64url, safe in logs, pages and URLs. It leads
 * neither to the key nor to the id.
 */
export function handleOf(key: string): string {
  return sha256(`coatcheck handle\0${key}`, 'base64url').slice(0, 22);
}

/**
 * The form in which an owner's name reaches a store: 64 hex characters, SHA-256 over `coatcheck owner`, a NUL and the
 * name in UTF-8. Equal names give equal hashes on every server; no name's hash is another one's key. A name that
 * UTF-8 cannot write (a lone surrogate) is hashed in its JSON spelling under a label of its own, so that two of them
 * never meet.
 */
export function hashName(name: string): string {
  return LONE_SURROGATE.test(name)
    ? sha256(`coatcheck owner json\0${JSON.stringify(name)}`, 'hex')
    : sha256(`coatcheck owner\0${name}`, 'hex');
}

function drawId(): string {
  return encodeBase64url(globalThis.crypto.getRandomValues(new Uint8Array(ID_BYTES)));
}

// 66 bits: enough to notice a repetition, and worthless as a ticket to whoever reads the heap.
function prefixOf(id: string): string {
  return id.slice(0, 11);
}
