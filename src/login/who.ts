import { CoatcheckError } from '../errors.ts';
import type { EventDetails, SessionEventType } from '../events.ts';
import type { RequestSession } from '../session/request-session.ts';
import { isStill, type Login, loginOf } from './authenticated.ts';
import { placeOf } from './place.ts';
import type { LoginSettings } from './settings.ts';
import { idOf, isActive, type LoginUser } from './user.ts';

/** Somebody, or nobody, and how that is known. */
interface Known<U> {
  readonly user: U | undefined;
  /** Under which id the session is theirs; undefined for who is known by the request alone. */
  readonly id: string | undefined;
}

/** Who is there in one request: looked for once, and only if somebody asks. */
export class Who<U extends LoginUser, A> {
  readonly session: RequestSession;
  readonly #settings: LoginSettings<U, A>;
  /** As far as it is known. */
  #known: Known<U> | undefined;
  #looking: Promise<void> | undefined;
  #anonymous: A | undefined;

  constructor(settings: LoginSettings<U, A>, session: RequestSession) {
    this.#settings = settings;
    this.session = session;
  }

  /** The user, or nobody. @throws what the store or a loader of the application throws */
  async user(): Promise<U | A> {
    if (this.#known === undefined) {
      this.#looking ??= this.#look();
      await this.#looking;
    }
    return this.certain;
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
      this.settle(undefined);
    }
    return this.certain;
  }

  /** The same as far as it is known by now: no look, and it never throws. */
  get certain(): U | A {
    this.#anonymous ??= this.#settings.anonymousUser();
    return this.found ?? this.#anonymous;
  }

  /** Whether somebody who is active is known to be there. */
  get authenticated(): boolean {
    return this.found !== undefined;
  }

  /** Who is known to be there. Whose session it was, and is no more, is nobody. */
  get found(): U | undefined {
    const { user, id } = this.#known ?? {};
    return id === undefined || isStill(this.session, id) ? user : undefined;
  }

  /** What the session says of the login; undefined too where it is known to be nobody's. */
  get login(): Login | undefined {
    const login = loginOf(this.session);
    return this.#known !== undefined && !this.authenticated ? undefined : login;
  }

  /** Somebody logs in or out: that is who is there, whoever was being looked for. */
  settle(user: U | undefined): void {
    this.#known = { user, id: user && idOf(user) };
  }

  usable(user: U | null | undefined): U | undefined {
    return user !== null && user !== undefined && isActive(user) ? user : undefined;
  }

  /** What meta says of a login of this user. */
  meta(user: U, how: Pick<Login, 'fresh' | 'methods' | 'at'>): { authenticated: Login; pending: undefined } {
    const { sessionVersion, protection } = this.#settings;
    const version = sessionVersion?.(user);
    const place = protection === 'none' ? undefined : placeOf(this.session);
    const authenticated: Login = {
      user: idOf(user),
      ...how,
      ...(version === undefined ? {} : { version }),
      ...(place === undefined ? {} : { place }),
    };
    return { authenticated, pending: undefined };
  }

  tell(type: SessionEventType, details: EventDetails): void {
    const { origin, engine } = this.session;
    const handle = origin.kind === 'record' ? engine.handle(origin.key) : undefined;
    this.#settings.kit.events.emit(type, () => ({ handle, ...details }), this.session);
  }

  #mayBeSomebody(): boolean {
    const { requestLoader, remembering } = this.#settings;
    if (requestLoader !== undefined || loginOf(this.session) !== undefined) return true;
    return remembering?.isShown(this.session) === true;
  }

  async #look(): Promise<void> {
    const { session } = this;
    // Lazily loaded sessions are loaded by whoever asks who is there.
    if (session.mustLoad) await session.engine.load(session);
    const known = await this.#find();
    // A login or logout while we looked says it better.
    if (this.#known !== undefined) return;
    this.#known = known;
    this.tell('user-accessed', {});
  }

  async #find(): Promise<Known<U>> {
    const login = loginOf(this.session);
    if (login !== undefined) return { user: await this.#fromSession(login), id: login.user };
    const { remembering, requestLoader } = this.#settings;
    if (remembering?.isShown(this.session) === true) {
      const user = await this.#fromCookie(remembering);
      return { user, id: user && idOf(user) };
    }
    const { request } = this.session;
    if (requestLoader === undefined || request === undefined) return { user: undefined, id: undefined };
    const user = this.usable(await requestLoader(request));
    if (user !== undefined) this.tell('loaded-from-request', { user: idOf(user) });
    return { user, id: undefined };
  }

  async #fromCookie(remembering: NonNullable<LoginSettings['remembering']>): Promise<U | undefined> {
    // There may be a session that the store did not give: it is no time to make another.
    if (this.session.readOnly) return undefined;
    const { kit, userLoader } = this.#settings;
    const user = await remembering.restore(this.session, {
      load: async (id) => this.usable(await userLoader(id)),
      meta: (loaded) => this.meta(loaded, { fresh: false, methods: ['remembered'], at: kit.clock.now() }),
      wanted: () => this.#known === undefined,
    });
    if (user !== undefined) this.tell('loaded-from-cookie', { user: idOf(user) });
    return user;
  }

  async #fromSession(login: Login): Promise<U | undefined> {
    if (!this.#isSamePlace(login)) return undefined;
    const user = this.usable(await this.#settings.userLoader(login.user));
    if (user === undefined || this.#known !== undefined) return undefined;
    const { sessionVersion } = this.#settings;
    if (sessionVersion !== undefined && sessionVersion(user) !== login.version) {
      // An epoch would end the user's other sessions with it, which are of the version that counts.
      this.session.expel(this.#settings.kit.revocation?.mode !== 'epoch');
      this.tell('session-protected', { user: login.user, reason: 'version' });
      return undefined;
    }
    return user;
  }

  /** False where the session came from elsewhere and has been ended for it. */
  #isSamePlace(login: Login): boolean {
    const { protection } = this.#settings;
    if (protection === 'none' || login.place === undefined) return true;
    const place = placeOf(this.session);
    if (place === undefined || place === login.place) return true;
    this.tell('session-protected', { user: login.user, reason: 'address' });
    if (protection === 'strong') {
      this.session.expel();
      return false;
    }
    if (login.fresh !== false) this.session.amend({ authenticated: { ...login, fresh: false } });
    return true;
  }
}
