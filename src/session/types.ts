/**
 * The keys of your sessions, for everybody who imports the ambient `session`. Empty here; fill it by augmentation:
 *
 * @example
 * declare module 'coatcheck' {
 *   interface SessionData { user: string; cart: { items: string[] } }
 * }
 */
// biome-ignore lint/suspicious/noEmptyInterface: an empty interface is what augmentation needs.
export interface SessionData {}

/** A key of `D`; any text while `D` is empty. */
export type KeyOf<D> = keyof D extends never ? string : keyof D & string;

/** The value under a key of `D`; anything while `D` is empty. */
export type ValueOf<D, K> = keyof D extends never ? any : K extends keyof D ? D[K] : never;

/**
 * A Node-style callback, for code that was written for express-session. Called once, with the error if there was one;
 * the promise then fails only with what the callback itself throws, which the runtime reports as unhandled.
 */
export type Callback = (error?: unknown) => void;

/** Which data a new id keeps: none (default), all, or the keys named. */
export interface RegenerateOptions {
  /** `true`: all; a list: these keys. Default false: none. */
  keep?: boolean | readonly string[];
}

/** What a session can do and tell. Every other property is a key of the data. */
export interface SessionMembers<D> {
  /** The value under `key`, else `fallback`. Never an inherited member: `get('toString')` is undefined. */
  get<K extends KeyOf<D>>(key: K): ValueOf<D, K> | undefined;
  get<K extends KeyOf<D>, F>(key: K, fallback: F): ValueOf<D, K> | F;
  /**
   * Sets a key; `undefined` deletes it. Checked at once: `SESSION_TOO_LARGE`, `VALUE_UNSUPPORTED`, `KEY_FORBIDDEN`.
   * When another request set the same key in the meantime, the later commit wins and event `overwritten` tells.
   */
  set<K extends KeyOf<D>>(key: K, value: ValueOf<D, K> | undefined): this;
  /** Whether the key is there. */
  has(key: KeyOf<D>): boolean;
  /** Deletes a key; true if it was there. */
  delete(key: KeyOf<D>): boolean;
  /** Deletes a key and gives what was there, which is the handler's own then. Not exact when requests overlap: two may get it. `take` is. */
  pop<K extends KeyOf<D>>(key: K): ValueOf<D, K> | undefined;
  pop<K extends KeyOf<D>, F>(key: K, fallback: F): ValueOf<D, K> | F;
  /** Sets a key only where it is missing, also when replayed over another request's commit; gives what is there. */
  setDefault<K extends KeyOf<D>>(key: K, value: ValueOf<D, K>): ValueOf<D, K>;
  /**
   * Exact change of one key, whatever overlaps: `session.update('count', (n = 0) => n + 1)`.
   *
   * `fn` is synchronous and pure: on a conflict it runs again over the newer value. It works on a private copy and
   * returns the new value or changes the copy. What the session then shows is provisional until `await save()`.
   *
   * @throws CoatcheckError `UPDATE_ASYNC` when `fn` returns a thenable
   */
  update<K extends KeyOf<D>>(
    key: K,
    // biome-ignore lint/suspicious/noConfusingVoidType: a function that changes the copy returns void.
    fn: (value: ValueOf<D, K> | undefined) => ValueOf<D, K> | undefined | void,
  ): void;
  /** One `set` for each own key, all or nothing. */
  assign(values: keyof D extends never ? Record<string, unknown> : { [K in keyof D]?: D[K] | undefined }): this;
  /** Removes every key of the record, also those which other requests set meanwhile. Not a logout: see `destroy`. */
  clear(): void;
  /** The keys that are there, in the order in which they were set. */
  keys(): KeyOf<D>[];
  /** Keys with copies of their values. */
  entries(): [KeyOf<D>, unknown][];
  /** A copy of the data. */
  toJSON(): Record<string, unknown>;
  /**
   * Deletes a key in the store at once and gives what was there: of all overlapping requests exactly one gets it.
   * @throws CoatcheckError `SESSION_GONE`, `SESSION_CONFLICT`, `STORE_DOWN`, `STORE_FAILED`, `STORE_TIMEOUT`
   */
  take<K extends KeyOf<D>>(key: K): Promise<ValueOf<D, K> | undefined>;
  /** Public name of the record, safe to show and to log; undefined while there is no record. */
  readonly handle: string | undefined;
  /** No record stood behind this session when the request began; stays true once this request stored one. */
  readonly isNew: boolean;
  /** A handler looked at the session in this request. */
  readonly accessed: boolean;
  /** There is something to store. */
  readonly modified: boolean;
  /** Lives by `lifetime.permanent`, with a cookie that outlives the browser. Setting it is a change. */
  permanent: boolean;
  /** When the session began; undefined while there is no record. */
  readonly createdAt: Date | undefined;
  /** When it ends if nobody uses it any more; undefined while there is no record. */
  readonly expiresAt: Date | undefined;
  /** Loads the session, with `load: 'lazy'`. Once: a second call waits for the first. */
  load(callback?: Callback): Promise<void>;
  /**
   * Stores the changes now instead of before the answer leaves. Rejects with what went wrong; `SESSION_GONE` (409)
   * when the session was ended meanwhile. What failed is tried again with the commit, so a call that nobody awaits
   * loses nothing, and its rejection does not end the process.
   */
  save(callback?: Callback): Promise<void>;
  /**
   * Reads the session again and drops changes that were not saved.
   * @throws CoatcheckError `STORE_DOWN`, `STORE_FAILED`, `STORE_TIMEOUT`
   */
  reload(callback?: Callback): Promise<void>;
  /**
   * A new id for every change of authority (OWASP ASVS 7.2.4); the old one dies with the commit. Drops the data
   * unless `keep` says otherwise. Carried out by the commit; `SESSION_GONE` (409) there when another request came first.
   * @throws CoatcheckError `SESSION_HEADERS_SENT`, `SESSION_CLOSED`, `USAGE`
   */
  regenerate(options?: RegenerateOptions | Callback, callback?: Callback): Promise<void>;
  /**
   * Ends the session with the commit: record, cookie and all. What is written afterwards opens a new session. No look at
   * the session, so that it works with a store that does not answer.
   * @throws CoatcheckError `SESSION_CLOSED` when the answer has ended; event `lost` tells it too
   */
  destroy(callback?: Callback): Promise<void>;
  [Symbol.iterator](): Iterator<[KeyOf<D>, unknown]>;
}

type Keys<D> = keyof D extends never
  ? { [key: string]: any }
  : { [K in Exclude<keyof D, keyof SessionMembers<D>>]?: D[K] | undefined };

/**
 * A request's session, like a dictionary: `session.user = 'ann'`, `session['user']`, `'user' in session`,
 * `delete session.user`. Typed by `createSessions<Data>()` or by augmenting `SessionData`.
 */
export type Session<D = SessionData> = SessionMembers<D> & Keys<D>;
