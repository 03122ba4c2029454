import type { Clock } from '../clock.ts';
import type { CookieOptions } from '../cookie/options.ts';
import { CoatcheckError } from '../errors.ts';
import type { Events } from '../events.ts';
import type { RequestSession } from '../session/request-session.ts';
import type { Documents } from './documents.ts';
import type { Records } from './records.ts';
import type { Revocation } from './revocation.ts';

/** What is built on sessions, as login is, and needs of them beside a request's session. */
export interface Kit {
  readonly clock: Clock;
  readonly events: Events;
  /** Values, their copies and their bounds. */
  readonly documents: Documents;
  /** The session cookie's, whose scope others share. */
  readonly cookie: CookieOptions;
  /** Where the sessions have a store. */
  readonly records: (<T>(space: string) => Records<T>) | undefined;
  /** Where the sessions are in their cookies, and a store remembers which have ended. */
  readonly revocation?: Revocation | undefined;
  /** Told before all sessions of an owner are ended; `except` is the one that stays, where it is known. */
  readonly revoking: Set<(owner: string, except: RequestSession | undefined) => Promise<void>>;
}

const kits = new WeakMap<object, Kit>();

export function lendKit(sessions: object, kit: Kit): void {
  kits.set(sessions, kit);
}

/** @throws CoatcheckError `OPTION_INVALID` for anything but what `createSessions` and `createCookieSessions` return */
export function kitOf(sessions: object): Kit {
  const kit = typeof sessions === 'object' && sessions !== null ? kits.get(sessions) : undefined;
  if (kit !== undefined) return kit;
  throw new CoatcheckError('OPTION_INVALID', 'sessions must be what createSessions or createCookieSessions returned.');
}
