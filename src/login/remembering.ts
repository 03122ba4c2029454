import type { Duration } from '../duration.ts';
import type { Kit } from '../interface/kit.ts';
import type { RequestSession } from '../session/request-session.ts';
import type { RememberOptions, Remembers, Restoring } from './remember.ts';
import { RememberCookie } from './remember-cookie.ts';
import { RememberSealed } from './remember-sealed.ts';
import { RememberSeries } from './remember-series.ts';
import type { LoginUser } from './user.ts';

/** Remember me, whichever way it works. */
export class Remembering implements Remembers {
  readonly #cookie: RememberCookie;
  readonly #way: Remembers;

  /** @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`, `SECRET_REQUIRED`, `SECRET_WEAK` */
  constructor(options: RememberOptions, kit: Kit) {
    this.#cookie = new RememberCookie(options, kit);
    const { records } = kit;
    this.#way =
      records === undefined
        ? new RememberSealed(options, kit, this.#cookie)
        : new RememberSeries(options, { ...kit, records }, this.#cookie);
  }

  /** Whether the request shows a cookie of ours, whatever it says. */
  isShown(session: RequestSession): boolean {
    return this.#cookie.isShown(session);
  }

  /** Remembers a user who logs in, with the commit. */
  begin(session: RequestSession, user: string, duration: Duration | undefined): void {
    this.#way.begin(session, user, duration);
  }

  /** The user whom the cookie brings back; undefined for nobody. */
  restore<U extends LoginUser>(session: RequestSession, how: Restoring<U>): Promise<U | undefined> {
    return this.#way.restore(session, how);
  }

  /** Somebody logs in: what brought the last one back goes. */
  forget(session: RequestSession, linked: readonly string[]): void {
    if (this.isShown(session)) this.#cookie.delete(session);
    this.#way.forget(session, linked);
  }

  /** The session of a remembered user goes on under another id. */
  moved(session: RequestSession): void {
    this.#way.moved(session);
  }
}
