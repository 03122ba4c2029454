import type { Kit } from '../interface/kit.ts';
import { checkOptionNames } from '../option-names.ts';
import type { RequestSession } from '../session/request-session.ts';
import type { RememberOptions, Remembers, Restoring } from './remember.ts';
import { RememberCookie } from './remember-cookie.ts';
import { RememberSealed } from './remember-sealed.ts';
import { RememberSeries } from './remember-series.ts';
import type { LoginUser } from './user.ts';

/** Remember me, whichever way it works. */
export class Remembering {
  readonly #cookie: RememberCookie;
  readonly #way: Remembers;

  /** @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`, `SECRET_REQUIRED`, `SECRET_WEAK` */
  constructor(options: RememberOptions, kit: Kit) {
    checkOptionNames(options, {
      whose: 'remember: ',
      names: ['duration', 'grace', 'cookie', 'secret'],
      habits: { maxAge: "Write duration: '30d'", days: "Write duration: '30d'" },
      example: "remember: { duration: '30d' }",
    });
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

  /** Remembers a user who logs in, with the commit. @param duration ms; default: that of the options */
  begin(session: RequestSession, user: string, duration: number | undefined): void {
    this.#way.begin(session, user, duration);
  }

  /** The user whom the cookie brings back; undefined for nobody. */
  restore<U extends LoginUser>(session: RequestSession, how: Restoring<U>): Promise<U | undefined> {
    return this.#way.restore(session, how);
  }

  /** Somebody logs in: once that is stored, what brought the last one back goes. */
  forget(session: RequestSession, linked: readonly string[]): void {
    this.#cookie.withdraw(session);
    const shown = this.isShown(session);
    if (!shown && linked.length === 0) return;
    session.join(async () => {
      await this.#way.end(session, linked);
      if (shown) this.#cookie.delete(session);
    });
  }

  /** Somebody logs out: the cookie goes, whatever becomes of the rest (R92). What is to end with the session. */
  leave(session: RequestSession): (() => Promise<void>)[] {
    this.#cookie.withdraw(session);
    if (!this.isShown(session)) return [];
    this.#cookie.delete(session);
    return [() => this.#way.end(session, [])];
  }

  /** The session of a remembered user goes on under another id. */
  moved(session: RequestSession): void {
    this.#way.moved(session);
  }
}
