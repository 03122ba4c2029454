import { CoatcheckError } from '../errors.ts';
import type { SessionInterface } from '../interface/contract.ts';
import { current } from '../session/ambient.ts';
import { behind } from '../session/dictionary.ts';
import type { RequestSession } from '../session/request-session.ts';
import { type Freshness, type LoginUserOptions, RequestLogin, required, stale } from './request-login.ts';
import { type LoginOptions, type LoginSettings, readLogin } from './settings.ts';
import type { AnonymousUser, LoginUser } from './user.ts';
import { checkViews, type LoginViews, type Refusal, refusalOf, VIEW_NAMES, type Wanted } from './views.ts';

/** Who is there, and what can be done about it, in one request. */
export interface VisitorLogin<U extends LoginUser = LoginUser, A = AnonymousUser> {
  /**
   * The user who is logged in, else `anonymousUser()`. Looked for once a request, and only if somebody asks: in the
   * session, then by the remember cookie, then by `requestLoader`.
   *
   * @throws what the store or a loader throws
   */
  user(): Promise<U | A>;
  /** `user()`, for a middleware whose handlers read `currentUser`. */
  load(): Promise<void>;
  /**
   * The same without waiting, behind a guard or `load`.
   * @throws CoatcheckError `USER_NOT_LOADED` where somebody may be logged in and nobody has looked yet
   */
  readonly currentUser: U | A;
  /** Whether a user is there, as far as it is known by now. */
  readonly isAuthenticated: boolean;
  /**
   * Logs a user in: a new session id, of the data only `carry` and pending messages, the login's time and methods in the
   * record (R17, R18, R31). Stored with the commit, before the answer leaves. False, and nothing done, for a user who
   * is not active.
   *
   * @throws CoatcheckError `LOGIN_METHOD` in a GET, HEAD or OPTIONS request (R69), `USER_UNNAMED`
   */
  loginUser(user: U, options?: LoginUserOptions): boolean;
  /**
   * Ends the session, its remember cookie and what the store has of both. Also where the store is dead: then the answer
   * is a 503, and the cookies of this browser go all the same (R92).
   *
   * @throws CoatcheckError `LOGIN_METHOD` in a GET, HEAD or OPTIONS request, unless `safeMethods` allows it
   */
  logoutUser(): void;
  /**
   * The user has proved once more who they are: the login is fresh again, under a new id with all data. Of two requests
   * that do so at the same time one is `SESSION_GONE` (409).
   *
   * @throws CoatcheckError `LOGIN_REQUIRED` (401) where nobody is logged in; `LOGIN_METHOD`
   */
  confirmLogin(methods?: readonly string[]): void;
  /**
   * The password was right and a second factor is still to come. Nobody is logged in until `loginUser` (R32). False for a
   * user who is not active.
   */
  beginSecondFactor(user: U, methods?: readonly string[]): boolean;
  /** Whom `beginSecondFactor` was given, and by what, in time; log them in with `loginUser`. */
  pendingLogin(): Promise<{ user: U; methods: readonly string[] } | undefined>;
  /** Whether the login is by a real authentication, and not older than `maxAge` (ms). */
  isFresh(freshness?: Freshness): boolean;
  /** Whether the login was brought back by the remember cookie, and confirmed by nothing since. */
  readonly isRemembered: boolean;
}

/** What `createLogin` gives: the visitor of the request that is served, or of a session in your hands. */
export interface Login<U extends LoginUser = LoginUser, A = AnonymousUser> extends VisitorLogin<U, A> {
  /** The same for a session in your hands, `req.session`; for `ambient: false`. */
  of(session: object): VisitorLogin<U, A>;
  /**
   * A guard as a plain function: the user, or an error with its status.
   * @throws CoatcheckError `LOGIN_REQUIRED`, `LOGIN_STALE` (401)
   */
  require(wanted?: Wanted, session?: object): Promise<U>;
  /** Why a handler must not run; what the guards of the frameworks ask. */
  refusal(
    session: object,
    wanted: Wanted,
    target: string | undefined,
    views?: LoginViews,
  ): Promise<Refusal | undefined>;
  /** For views: who is logged in, as far as it is known by now. Never throws, so that error pages render. */
  viewOf(session: object): U | A;
  readonly sessions: SessionInterface;
}

/**
 * Logs users in and out of sessions, and knows who is there: Flask-Login's manager, with the id changed at each login,
 * logout and confirmation.
 *
 * @throws CoatcheckError `OPTION_UNKNOWN`, `OPTION_INVALID`, `SECRET_REQUIRED`, `SECRET_WEAK`
 *
 * @example
 * const login = createLogin({ sessions, userLoader: (id) => db.users.find(id), loginView: '/login', remember: {} });
 *
 * app.post('/login', async (req, res) => {
 *   const user = await db.users.verify(req.body.name, req.body.password);
 *   if (user === undefined || !login.loginUser(user, { remember: req.body.remember === 'on' })) return res.redirect('/login');
 *   res.redirect(safeNext(req.body.next));
 * });
 */
export function createLogin<U extends LoginUser, A = AnonymousUser>(
  options: LoginOptions<U, A> & LoginViews,
): Login<U, A> {
  const views: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) (VIEW_NAMES.includes(name) ? views : rest)[name] = value;
  checkViews(views);
  const settings = readLogin<U, A>(rest as unknown as LoginOptions<U, A>);
  return new LoginManager<U, A>(settings, views, options.sessions as SessionInterface);
}

class LoginManager<U extends LoginUser, A> implements Login<U, A> {
  readonly #settings: LoginSettings<U, A>;
  readonly #views: LoginViews;
  readonly #visitors = new WeakMap<RequestSession, RequestLogin<U, A>>();
  readonly sessions: SessionInterface;

  constructor(settings: LoginSettings<U, A>, views: LoginViews, sessions: SessionInterface) {
    this.#settings = settings;
    this.#views = views;
    this.sessions = sessions;
  }

  #login(session: object): RequestLogin<U, A> {
    const own = typeof session === 'object' && session !== null ? behind(session) : undefined;
    if (own === undefined) {
      throw new CoatcheckError(
        'USAGE',
        'Nobody can log in here: there is no session, as on a static path, or it is none of coatcheck.',
      );
    }
    const known = this.#visitors.get(own);
    if (known !== undefined) return known;
    const login = new RequestLogin(this.#settings, own);
    this.#visitors.set(own, login);
    return login;
  }

  of(session: object): VisitorLogin<U, A> {
    return new Visitor(() => this.#login(session));
  }

  readonly #ambient: VisitorLogin<U, A> = new Visitor(() => this.#login(current()));

  user(): Promise<U | A> {
    return this.#ambient.user();
  }

  load(): Promise<void> {
    return this.#ambient.load();
  }

  get currentUser(): U | A {
    return this.#ambient.currentUser;
  }

  get isAuthenticated(): boolean {
    return this.#ambient.isAuthenticated;
  }

  loginUser(user: U, options?: LoginUserOptions): boolean {
    return this.#ambient.loginUser(user, options);
  }

  logoutUser(): void {
    this.#ambient.logoutUser();
  }

  confirmLogin(methods?: readonly string[]): void {
    this.#ambient.confirmLogin(methods);
  }

  beginSecondFactor(user: U, methods?: readonly string[]): boolean {
    return this.#ambient.beginSecondFactor(user, methods);
  }

  pendingLogin(): Promise<{ user: U; methods: readonly string[] } | undefined> {
    return this.#ambient.pendingLogin();
  }

  isFresh(freshness?: Freshness): boolean {
    return this.#ambient.isFresh(freshness);
  }

  get isRemembered(): boolean {
    return this.#ambient.isRemembered;
  }

  async require(wanted: Wanted = {}, session: object = current()): Promise<U> {
    const login = this.#login(session);
    const user = await login.who.user();
    if (!login.who.authenticated) throw required();
    if ((wanted.fresh === true || wanted.maxAge !== undefined) && !login.isFresh(wanted)) throw stale();
    return user as U;
  }

  async refusal(
    session: object,
    wanted: Wanted,
    target: string | undefined,
    views?: LoginViews,
  ): Promise<Refusal | undefined> {
    return refusalOf(this.#login(session), wanted, { ...this.#views, ...views }, target);
  }

  viewOf(session: object): U | A {
    const own = behind(session);
    return own === undefined ? this.#settings.anonymousUser() : this.#login(session).who.certain;
  }
}

class Visitor<U extends LoginUser, A> implements VisitorLogin<U, A> {
  readonly #login: () => RequestLogin<U, A>;

  constructor(login: () => RequestLogin<U, A>) {
    this.#login = login;
  }

  user(): Promise<U | A> {
    return this.#login().who.user();
  }

  async load(): Promise<void> {
    await this.#login().who.user();
  }

  get currentUser(): U | A {
    return this.#login().who.current;
  }

  get isAuthenticated(): boolean {
    return this.#login().who.authenticated;
  }

  loginUser(user: U, options?: LoginUserOptions): boolean {
    return this.#login().logIn(user, options);
  }

  logoutUser(): void {
    this.#login().logOut();
  }

  confirmLogin(methods?: readonly string[]): void {
    this.#login().confirm(methods);
  }

  beginSecondFactor(user: U, methods?: readonly string[]): boolean {
    return this.#login().begin(user, methods);
  }

  pendingLogin(): Promise<{ user: U; methods: readonly string[] } | undefined> {
    return this.#login().pending();
  }

  isFresh(freshness?: Freshness): boolean {
    return this.#login().isFresh(freshness);
  }

  get isRemembered(): boolean {
    return this.#login().remembered;
  }
}
