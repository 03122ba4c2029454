import type { Duration } from '../duration.ts';
import { CoatcheckError } from '../errors.ts';
import type { EventDetails, SessionEventType } from '../events.ts';
import { FLASH_KEYS } from '../flash/queue.ts';
import type { RequestSession } from '../session/request-session.ts';
import { type Login, linkedTo, loginOf, type Pending, pendingOf } from './authenticated.ts';
import { placeOf } from './place.ts';
import type { LoginSettings } from './settings.ts';
import { idOf, isActive, type LoginUser } from './user.ts';

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

/** Who is there in one request, and what it does about that. */
export class RequestLogin<U extends LoginUser, A> {
  readonly #settings: LoginSettings<U, A>;
  readonly #session: RequestSession;
  /** Who is there, as far as it is known. */
  #known: { readonly user: U | undefined } | undefined;
  #loading: Promise<U | A> | undefined;
  #anonymous: A | undefined;

  constructor(settings: LoginSettings<U, A>, session: RequestSession) {
    this.#settings = settings;
    this.#session = session;
  }

  get session(): RequestSession {
    return this.#session;
  }

  /** The user, or nobody; looked for once. @throws what the store or a loader of the application throws */
  user(): Promise<U | A> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** The same, without waiting. @throws CoatcheckError `USER_NOT_LOADED` where somebody may be there */
  get current(): U | A {
    if (this.#known === undefined) {
      if (this.#mayBeSomebody()) {
        throw new CoatcheckError(
          'USER_NOT_LOADED',
          'Who is logged in has not been looked up yet. Write `await login.user()`, or put a guard or login.load before the handler.',
        );
      }
      this.#settle(undefined);
    }
    return this.#known?.user ?? this.#nobody();
  }

  /** The same as far as it is known by now: no look, and it never throws. */
  get certain(): U | A {
    return this.#known?.user ?? this.#nobody();
  }

  /** Whether somebody who is active is known to be there. */
  get authenticated(): boolean {
    return this.#known?.user !== undefined;
  }

  #nobody(): A {
    this.#anonymous ??= this.#settings.anonymousUser();
    return this.#anonymous;
  }

  #mayBeSomebody(): boolean {
    const { requestLoader, remembering } = this.#settings;
    if (requestLoader !== undefined || loginOf(this.#session) !== undefined) return true;
    return remembering?.isShown(this.#session) === true;
  }

  #settle(user: U | undefined): void {
    this.#known = { user };
    this.#loading = Promise.resolve(user ?? this.#nobody());
  }

  async #load(): Promise<U | A> {
    const session = this.#session;
    // Lazily loaded sessions are loaded by whoever asks who is there.
    if (session.mustLoad) await session.engine.load(session);
    const user = await this.#find();
    // A login or logout while we looked says it better.
    if (this.#known === undefined) {
      this.#settle(user);
      this.#tell('user-accessed', {});
    }
    return this.#known?.user ?? this.#nobody();
  }

  async #find(): Promise<U | undefined> {
    const login = loginOf(this.#session);
    if (login !== undefined) return this.#fromSession(login);
    const { remembering, requestLoader, kit } = this.#settings;
    if (remembering?.isShown(this.#session) === true) {
      const restored = await remembering.restore(this.#session, {
        load: async (id) => this.#usable(await this.#settings.userLoader(id)),
        meta: (user) => this.#meta(user, { fresh: false, methods: ['remembered'], at: kit.clock.now() }),
      });
      if (restored === undefined) return undefined;
      this.#tell('loaded-from-cookie', { user: idOf(restored) });
      return restored;
    }
    const request = this.#session.request;
    if (requestLoader === undefined || request === undefined) return undefined;
    const user = this.#usable(await requestLoader(request));
    if (user !== undefined) this.#tell('loaded-from-request', { user: idOf(user) });
    return user;
  }

  async #fromSession(login: Login): Promise<U | undefined> {
    if (!this.#sameplace(login)) return undefined;
    const user = this.#usable(await this.#settings.userLoader(login.user));
    if (user === undefined) return undefined;
    const { sessionVersion } = this.#settings;
    if (sessionVersion !== undefined && sessionVersion(user) !== login.version) {
      this.#session.expel();
      this.#tell('session-protected', { user: login.user, reason: 'version' });
      return undefined;
    }
    return user;
  }

  #usable(user: U | null | undefined): U | undefined {
    return user !== null && user !== undefined && isActive(user) ? user : undefined;
  }

  /** False where the session came from elsewhere and has been ended for it. */
  #sameplace(login: Login): boolean {
    const { protection } = this.#settings;
    if (protection === 'none' || login.place === undefined) return true;
    const place = placeOf(this.#session);
    if (place === undefined || place === login.place) return true;
    this.#tell('session-protected', { user: login.user, reason: 'address' });
    if (protection === 'strong') {
      this.#session.expel();
      return false;
    }
    if (login.fresh !== false) this.#session.amend({ authenticated: { ...login, fresh: false } });
    return true;
  }

  /** Logs a user in with the commit, under a new id. False for somebody who is not active. */
  logIn(user: U, options: LoginUserOptions = {}): boolean {
    this.#refuseSafe('loginUser');
    const { fresh = true, force = false, remember = false, methods = ['password'], duration } = options;
    const user_ = idOf(user);
    if (!force && !isActive(user)) {
      this.#tell('login-failed', { user: user_ });
      return false;
    }
    const { kit, carry, remembering } = this.#settings;
    if (remember && remembering === undefined) {
      throw new CoatcheckError('USAGE', 'loginUser({ remember: true }) needs the option remember of createLogin.');
    }
    const session = this.#session;
    const left = linkedTo(session);
    session.regenerate([...carry, ...FLASH_KEYS]);
    session.amend({
      ...this.#meta(user, { fresh, methods, at: kit.clock.now() }),
      linked: undefined,
      remember: undefined,
    });
    // What brought the last login back brings nobody back to this one.
    remembering?.forget(session, left);
    if (remember) remembering?.begin(session, user_, duration);
    this.#settle(user);
    this.#tell('logged-in', { user: user_ });
    return true;
  }

  /** What meta says of a login. */
  #meta(user: U, how: Pick<Login, 'fresh' | 'methods' | 'at'>): { authenticated: Login; pending: undefined } {
    const { sessionVersion, protection } = this.#settings;
    const version = sessionVersion?.(user);
    const place = protection === 'none' ? undefined : placeOf(this.#session);
    const authenticated: Login = {
      user: idOf(user),
      ...how,
      ...(version === undefined ? {} : { version }),
      ...(place === undefined ? {} : { place }),
    };
    return { authenticated, pending: undefined };
  }

  /** Ends the session with the commit, also with a store that does not answer, and what would bring it back. */
  logOut(): void {
    if (!this.#settings.logoutByGet) this.#refuseSafe('logoutUser');
    const { remembering } = this.#settings;
    const session = this.#session;
    const user = this.#known?.user;
    session.destroy();
    remembering?.forget(session, []);
    this.#settle(undefined);
    this.#tell('logged-out', user === undefined ? {} : { user: idOf(user) });
  }

  /** The password was right once more: fresh again, under a new id. @throws CoatcheckError `LOGIN_REQUIRED` */
  confirm(methods: readonly string[] = ['password']): void {
    this.#refuseSafe('confirmLogin');
    const session = this.#session;
    const login = loginOf(session);
    if (login === undefined) throw required();
    session.regenerate(true);
    const all = [...new Set([...(login.methods ?? []), ...methods])].filter((method) => method !== 'remembered');
    session.amend({ authenticated: { ...login, at: this.#settings.kit.clock.now(), methods: all, fresh: true } });
    this.#settings.remembering?.moved(session);
    this.#tell('login-confirmed', { user: login.user });
  }

  /** A password was right, and something else is still asked for. Nobody is logged in (R32). */
  begin(user: U, methods: readonly string[] = ['password']): boolean {
    this.#refuseSafe('beginSecondFactor');
    if (!isActive(user)) return false;
    const { kit, carry, pendingFor, remembering } = this.#settings;
    const now = kit.clock.now();
    const session = this.#session;
    const left = linkedTo(session);
    const pending: Pending = { user: idOf(user), at: now, until: now + pendingFor, methods };
    session.regenerate([...carry, ...FLASH_KEYS]);
    session.amend({ pending, authenticated: undefined, linked: undefined, remember: undefined });
    remembering?.forget(session, left);
    this.#settle(undefined);
    return true;
  }

  /** Who has passed the first factor, in time. */
  async pending(): Promise<{ user: U; methods: readonly string[] } | undefined> {
    const pending = pendingOf(this.#session, this.#settings.kit.clock.now());
    if (pending === undefined) return undefined;
    const user = this.#usable(await this.#settings.userLoader(pending.user));
    return user && { user, methods: pending.methods };
  }

  /** Whether the login is by a real authentication, and recent enough. */
  isFresh({ maxAge }: Freshness = {}): boolean {
    const login = loginOf(this.#session);
    if (login === undefined || login.fresh === false) return false;
    const age = this.#settings.kit.clock.now() - login.at;
    return maxAge === undefined || age <= maxAge;
  }

  /** Whether the login was brought back by the remember cookie, and by nothing better since. */
  get remembered(): boolean {
    return loginOf(this.#session)?.methods?.includes('remembered') === true;
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

  #tell(type: SessionEventType, details: EventDetails): void {
    const { origin, engine } = this.#session;
    const handle = origin.kind === 'record' ? engine.handle(origin.key) : undefined;
    this.#settings.kit.events.emit(type, () => ({ handle, ...details }), this.#session);
  }

  /** Tells of a guard that refused. */
  refused(type: 'unauthorized' | 'needs-refresh'): void {
    this.#tell(type, {});
  }
}

export function required(): CoatcheckError {
  return new CoatcheckError('LOGIN_REQUIRED', 'Please log in to access this page.');
}

export function stale(): CoatcheckError {
  return new CoatcheckError('LOGIN_STALE', 'Please reauthenticate to access this page.');
}
