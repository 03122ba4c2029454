import { equal } from '../keys/equal.ts';
import { sha256 } from '../keys/hash.ts';
import { isId, newId } from '../keys/ids.ts';
import { KeyRing } from '../keys/ring.ts';
import { open, seal } from '../keys/seal.ts';
import { readSecrets } from '../keys/secret.ts';

/** What the store holds of one remembered browser: hashes, and nothing that could be shown to us as a cookie. */
export interface Series {
  readonly user: string;
  /** Of the secret that counts. */
  readonly hash: string;
  readonly epoch: string;
  /** The user's, at the login. */
  readonly version?: unknown;
  /** Moved by no use (ms since 1970). */
  readonly end: number;
  /** The key of the living session that came of it. */
  readonly session: string;
  /** Of the secret before, whose holders are led on for a while: to the session's id and the new secret, sealed for them. */
  readonly previous?: { readonly hash: string; readonly until: number; readonly successor: string };
}

/** A cookie of a series: which one, and the secret. */
export interface Shown {
  /** The series by its hash: the name of its record. */
  readonly name: string;
  readonly secret: string;
  /** The series as the cookie has it. */
  readonly series: string;
}

/** What takes the place of a secret that was used. */
export interface Successor {
  /** Of the session that came of it. */
  readonly id: string;
  readonly secret: string;
}

/** A cookie that nobody has had. */
export function newShown(): Shown {
  const series = newId();
  return { series, secret: newId(), name: sha256(series, 'hex') };
}

/** What a cookie says; undefined for what is none of ours. */
export function readShown(cookie: string | undefined): Shown | undefined {
  const [series = '', secret = '', ...more] = cookie?.split('.') ?? [];
  if (!isId(series) || !isId(secret) || more.length > 0) return undefined;
  return { series, secret, name: sha256(series, 'hex') };
}

/** As the cookie has it. */
export function written({ series }: Shown, secret: string): string {
  return `${series}.${secret}`;
}

export function hashOf({ secret }: { readonly secret: string }): string {
  return sha256(secret, 'hex');
}

/** What the secret of a cookie is to its series by now. */
export function judgeShown({ hash, previous }: Series, shown: Shown, now: number): 'current' | 'previous' | 'stolen' {
  const own = hashOf(shown);
  if (equal(own, hash)) return 'current';
  return previous !== undefined && equal(own, previous.hash) && now < previous.until ? 'previous' : 'stolen';
}

/** Only who shows the same secret can open it. */
export function sealSuccessor(shown: Shown, successor: Successor): string {
  return seal(ringOf(shown), JSON.stringify(successor));
}

export function openSuccessor(shown: Shown, { previous }: Series): Successor | undefined {
  const text = open(ringOf(shown), previous?.successor ?? '')?.text;
  return text === undefined ? undefined : (JSON.parse(text) as Successor);
}

function ringOf({ secret, name }: Shown): KeyRing {
  return new KeyRing(readSecrets(secret, 'remember'), 'remember-successor', name);
}
