import type { CookieOptions } from '../cookie/options.ts';
import type { Duration } from '../duration.ts';
import type { Secret } from '../keys/secret.ts';
import type { RequestSession } from '../session/request-session.ts';
import type { LoginUser } from './user.ts';

/** Remember me: how long, and by which cookie. */
export interface RememberOptions {
  /** From the login on; use does not move the end. Default `'30d'` (R96). */
  duration?: Duration;
  /** How long a cookie that has just been replaced still leads to its successor. Default `'20s'` (R97). */
  grace?: Duration;
  /** Default: the session cookie's scope, `SameSite=Strict`, and the name `__Host-remember`. */
  cookie?: CookieOptions;
  /** Only where the sessions have no store: seals the cookie. What that cannot do is in docs/login.md. */
  secret?: Secret | readonly Secret[];
}

/** How a user is found out whom the cookie names. */
export interface Restoring<U extends LoginUser> {
  /** The user of an id, if they may come back. */
  load(id: string): Promise<U | undefined>;
  /** What meta says of a login that was brought back. */
  meta(user: U): Readonly<Record<string, unknown>>;
  /** False once the request itself has logged somebody in or out: that says it better than any cookie. */
  wanted(): boolean;
}

/** The two ways of remembering: a series of secrets in the store, or all in the cookie. */
export interface Remembers {
  /** Remembers a user who logs in, with the commit. @param duration ms; default: that of the options */
  begin(session: RequestSession, user: string, duration: number | undefined): void;
  /** The user whom the cookie brings back; undefined for nobody. */
  restore<U extends LoginUser>(session: RequestSession, how: Restoring<U>): Promise<U | undefined>;
  /** Ends what the cookie leads to, and the records with which a session was to end. */
  end(session: RequestSession, linked: readonly string[]): Promise<void>;
  /** The session of a remembered user goes on under another id. */
  moved(session: RequestSession): void;
}
