/**
 * What an adapter needs of a session: the pair `open` and `commit`, as Flask's `open_session` and `save_session`.
 * `createSessions` and `createCookieSessions` return one; a user's own needs the first three members only.
 */

/** A request as the interface sees it. Adapters build it; nothing here depends on a framework. */
export interface SessionRequest {
  /** Upper case as on the wire. */
  readonly method: string;
  /** The raw request target without its query: not decoded, not normalised. */
  readonly path: string;
  /** The Cookie header as received, several joined by `; `; undefined where there is none. */
  readonly cookie: string | undefined;
  /** Any other header by its lower-case name. */
  header(name: string): string | undefined;
  /** The peer's address as the socket has it; undefined where the runtime does not tell. */
  readonly address: string | undefined;
  /** Whether this very connection is TLS. */
  readonly secure: boolean;
}

/** The answer as far as a commit may want to know it. */
export interface SessionResponse {
  readonly status: number;
}

/** What a commit wants of the answer's head. An adapter only moves it, and merges it with what the handler set. */
export interface HeaderChanges {
  /** Whole Set-Cookie values; each replaces an earlier field of the same cookie name, others are kept. */
  readonly setCookie: readonly string[];
  /** The session was looked at: `Vary: Cookie`, and at least `Cache-Control: private` (R54). */
  readonly looked: boolean;
  /** The handler's answer must not go out: this error's answer goes instead. */
  readonly error?: Error | undefined;
}

/** Nothing to change: the usual answer. */
export const NO_CHANGES: HeaderChanges = { setCookie: [], looked: false };

/** A visitor who arrived, and of whose session nothing is made before somebody asks. */
export interface Later<S extends object> {
  /** The session, where it had to be made already. */
  readonly ready?: S | undefined;
  /**
   * The session as the handler gets it; called once, and not where it is `ready`.
   *
   * @param asked called when somebody uses it for the first time
   */
  face(request: SessionRequest, asked: () => void): S;
}

/**
 * Opens a session when a request begins and commits it before the head of the answer leaves.
 *
 * `S` is what the handler gets: ours is dictionary-like, a user's own may be a plain object.
 */
export interface SessionInterface<S extends object = object> {
  /** The request's session. Nothing (undefined) gives the null session: reads are empty, writes explain, no commit. */
  open(request: SessionRequest): S | undefined | Promise<S | undefined>;
  /**
   * `open` in two steps, for adapters that make nothing before somebody asks: the store is asked now, and the session
   * made of it later or never. Nothing (undefined) as with `open`.
   */
  arrive?(request: SessionRequest): Later<S> | undefined | Promise<Later<S>>;
  /** Stores what the request did, and says what the head needs. A rejection replaces the answer by the error's own. */
  commit(session: S, response: SessionResponse): HeaderChanges | Promise<HeaderChanges>;
  /** Null sessions are never committed. */
  isNull(session: S): boolean;
  /** False saves AsyncLocalStorage for those who only use `req.session`. Default true. */
  readonly ambient?: boolean;
  /**
   * Called once, right after `open`. The session calls the hooks from then on: `changed` at its first change, so that an
   * adapter pays for watching an abort only where it matters.
   */
  watch?(session: S, hooks: SessionHooks): void;
  /** The head has left. `isPrivate`: it said `private` or `no-store`, so a first look may still come. */
  sent?(session: S, isPrivate: boolean): void;
  /** Before the last chunk, or on the next turn after a late change: stores what came after the head. */
  finish?(session: S): Promise<unknown> | undefined;
  /** Nothing can be stored any more: later writes throw `SESSION_CLOSED`. */
  ended?(session: S): void;
  /** The connection closed before the answer began: an explicit end is carried out, the rest is dropped and told. */
  abandon?(session: S): Promise<unknown> | undefined;
}

/** How a session talks to the adapter that carries it. */
export interface SessionHooks {
  /** The first change of the request. */
  changed?(): void;
  /** A change after the head left; an adapter without a last chunk of its own (Fetch) answers with `finish`. */
  late?(): void;
}
