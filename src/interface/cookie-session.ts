import { ClientSession } from './client-session.ts';
import type { SealedSession } from './sealed-value.ts';

/** A seal that must not count any more. */
export interface DeadSeal {
  readonly sealed: SealedSession;
  /** The session was ended; otherwise it moved to another seal. */
  readonly ended: boolean;
}

/** A request's session that is wholly in its cookie. */
export class CookieSession extends ClientSession {
  /** What the browser's cookie holds, or will hold. */
  sealed: SealedSession | undefined;
  /** The same as the value of the cookie, once it was sealed. */
  value: string | undefined;
  /** Seals that are still to be revoked. */
  readonly dead: DeadSeal[] = [];
  /** This request ended a session: what begins now must not count as older than that. */
  endedOne = false;

  override get secretId(): string | undefined {
    return this.sealed?.id;
  }
}
