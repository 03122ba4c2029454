import { type Duration, durationMs } from '../duration.ts';
import { CoatcheckError } from '../errors.ts';
import { FLASH_KEYS } from '../flash/queue.ts';
import type { RequestSession } from '../session/request-session.ts';
import { type Login, linkedTo, type Pending, pendingOf } from './authenticated.ts';
import type { LoginSettings } from './settings.ts';
import { idOf, isActive, type LoginUser } from './user.ts';
import { Who } from './who.ts';

/** What `loginUser` may be told. */
export interface LoginUserOptions {
  /** Also after the browser was closed, by a cookie of its own. Needs `remember` in `createLogin`. Default false. */
  remember?: boolean;
  /** False: known, but not by a password just now; guards that want a fresh login ask for it. Default true. */
  fresh?: boolean;
  /** Also somebody who is not active. Default false. */
  force?: boolean;
  /** How long the remember cookie counts. Default: that of `createLogin`. */
  duration?: Duration;
  /** By what: `['password', 'totp']`. Kept with the session (R31). Default `['password']`. */
  methods?: readonly string[];
}

/** How fresh a login must be: by a real authentication at all, or within this time. */
export interface Freshness {
  /** Milliseconds since the last real authentication. */
  readonly maxAge?: number | undefined;
}

const SAFE: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** What one request does about who is there. */
export class RequestLogin<U extends LoginUser, A> {
  readonly who: Who<U, A>;
  readonly #settings: LoginSettings<U, A>;
  readonly #session: RequestSession;

  constructor(settings: LoginSettings<U, A>, session: RequestSession) {
    this.who = new Who(settings, session);
    this.#settings = settings;
    this.#session = session;
  }

  /** Logs a user in with the commit, under a new id. False for somebody who is not active. */
  logIn(user: U, options: LoginUserOptions = {}): boolean {
    this.#refuseSafe('loginUser');
    const { fresh = true, force = false, remember = false, methods = ['password'] } = options;
    const duration = options.duration === undefined ? undefined : durationMs(options.duration, 'duration');
    const id = idOf(user);
    if (!force && !isActive(user)) {
      this.who.tell('login-failed', { user: id });
      return false;
    }
    const { kit, remembering } = this.#settings;
    if (remember && remembering === undefined) {
      throw new CoatcheckError('USAGE', 'loginUser({ remember: true }) needs the option remember of createLogin.');
    }
    this.#startAnew(this.who.meta(user, { fresh, methods, at: kit.clock.now() }));
    if (remember) remembering?.begin(this.#session, id, duration);
    this.who.settle(user);
    this.who.tell('logged-in', { user: id });
    return true;
  }

  /** A new session for somebody else, or for more of them: what the last login left ends. */
  #startAnew(meta: { readonly authenticated: Login | undefined; readonly pending: Pending | undefined }): void {
    const { carry, remembering } = this.#settings;
    const session = this.#session;
    session.look();
    const left = linkedTo(session);
    session.regenerate([...carry, ...FLASH_KEYS]);
    session.amend({ ...meta, linked: undefined, remember: undefined }, true);
    // What brought the last login back brings nobody back to this one.
    remembering?.forget(session, left);
  }

  /** Ends the session with the commit, also with a store that does not answer, and what would bring it back. */
  logOut(): void {
    if (!this.#settings.logoutByGet) this.#refuseSafe('logoutUser');
    const user = this.who.found;
    this.#session.destroy(...(this.#settings.remembering?.leave(this.#session) ?? []));
    this.who.settle(undefined);
    this.who.tell('logged-out', user === undefined ? {} : { user: idOf(user) });
  }

  /** The password was right once more: fresh again, under a new id. @throws CoatcheckError `LOGIN_REQUIRED` */
  confirm(methods: readonly string[] = ['password']): void {
    this.#refuseSafe('confirmLogin');
    const { login } = this.who;
    if (login === undefined) throw required();
    const session = this.#session;
    session.regenerate(true);
    const all = [...new Set([...(login.methods ?? []), ...methods])].filter((method) => method !== 'remembered');
    session.amend({ authenticated: { ...login, at: this.#settings.kit.clock.now(), methods: all, fresh: true } });
    this.#settings.remembering?.moved(session);
    this.who.tell('login-confirmed', { user: login.user });
  }

  /** A password was right, and something else is still asked for. Nobody is logged in (R32). */
  begin(user: U, methods: readonly string[] = ['password']): boolean {
    this.#refuseSafe('beginSecondFactor');
    if (!isActive(user)) return false;
    const { kit, pendingFor } = this.#settings;
    const now = kit.clock.now();
    this.#startAnew({
      pending: { user: idOf(user), at: now, until: now + pendingFor, methods },
      authenticated: undefined,
    });
    this.who.settle(undefined);
    return true;
  }

  /** Who has passed the first factor, in time. */
  async pending(): Promise<{ user: U; methods: readonly string[] } | undefined> {
    const pending = pendingOf(this.#session, this.#settings.kit.clock.now());
    if (pending === undefined) return undefined;
    const user = this.who.usable(await this.#settings.userLoader(pending.user));
    return user && { user, methods: pending.methods };
  }

  /** Whether the login is by a real authentication, and recent enough. */
  isFresh({ maxAge }: Freshness = {}): boolean {
    const { login } = this.who;
    if (login === undefined || login.fresh === false) return false;
    const age = this.#settings.kit.clock.now() - login.at;
    return maxAge === undefined || age <= maxAge;
  }

  /** Whether the login was brought back by the remember cookie, and by nothing better since. */
  get remembered(): boolean {
    return this.who.login?.methods?.includes('remembered') === true;
  }

  /** R69: any page on the web can have a browser send one of these. */
  #refuseSafe(act: string): void {
    const method = this.#session.request?.method;
    if (method === undefined || !SAFE.includes(method)) return;
    throw new CoatcheckError(
      'LOGIN_METHOD',
      `${act} was called in a ${method} request, which any other site can have a browser send. Use a form that posts.`,
    );
  }
}

export function required(): CoatcheckError {
  return new CoatcheckError('LOGIN_REQUIRED', 'Please log in to access this page.');
}

export function stale(): CoatcheckError {
  return new CoatcheckError('LOGIN_STALE', 'Please reauthenticate to access this page.');
}
