import { fromBase64, toBase64 } from '../codec/base64.ts';
import { isId } from '../keys/ids.ts';
import type { KeyRing } from '../keys/ring.ts';
import { open, seal } from '../keys/seal.ts';
import type { Document } from '../store/contract.ts';

/** What is inside a sealed session cookie: the document, and what it takes to judge it. */
export interface SealedSession {
  /** Random, never shown: what a denylist names. Changes where a server-side session would change its key. */
  readonly id: string;
  /** When this id began (ms since 1970). */
  readonly since: number;
  /** ms since 1970 */
  readonly expiresAt: number;
  readonly document: Document;
}

/** Octets of name and value together; browsers give 4096 to name, value and nothing else (R43). */
const BUDGET = 3800;

const INSIDE = /^(\d{1,15})\.(\d{1,15})\.([\w-]{43})\.([tb])/;

/** @throws CoatcheckError `SESSION_TOO_LARGE` beyond 3800 octets of name and value */
export function sealSession(ring: KeyRing, session: SealedSession): string {
  const { id, since, expiresAt, document } = session;
  const body = typeof document === 'string' ? `t${document}` : `b${toBase64(document)}`;
  return seal(ring, `${Math.floor(since)}.${Math.floor(expiresAt)}.${id}.${body}`, BUDGET - ring.name.length);
}

/** The session in a cookie's value; undefined for anything that was not sealed for this cookie by one of our keys. */
export function openSealed(ring: KeyRing, value: string): (SealedSession & { readonly stale: boolean }) | undefined {
  const opened = open(ring, value, BUDGET);
  const match = opened === undefined ? null : INSIDE.exec(opened.text);
  const [whole, since, expiresAt, id, kind] = match ?? [];
  if (opened === undefined || whole === undefined || id === undefined || !isId(id)) return undefined;
  const body = opened.text.slice(whole.length);
  const document = kind === 't' ? body : fromBase64(body);
  if (document === undefined) return undefined;
  return { id, since: Number(since), expiresAt: Number(expiresAt), document, stale: opened.stale };
}
