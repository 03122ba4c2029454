import { type Duration, durationMs } from '../duration.ts';
import { CoatcheckError } from '../errors.ts';
import type { SessionInterface } from '../interface/contract.ts';
import { type Kit, kitOf } from '../interface/kit.ts';
import { checkOptionNames } from '../option-names.ts';
import type { ServedRequest } from '../session/request-state.ts';
import type { RememberOptions } from './remember.ts';
import { Remembering } from './remembering.ts';
import { AnonymousUser, type LoginUser } from './user.ts';

/** A value, or a promise of one. */
export type Awaitable<T> = T | Promise<T>;

/** What a session said about where it came from, and what is done when that differs (Flask-Login's modes). */
export type Protection = 'none' | 'basic' | 'strong';

/** Options of `createLogin`. Wrong ones throw at once and say what to write. */
export interface LoginOptions<U extends LoginUser = LoginUser, A = AnonymousUser> {
  /** What `createSessions` or `createCookieSessions` returned. */
  sessions: SessionInterface<never> | object;
  /**
   * The user of this id, whom `loginUser` was given once; nothing for somebody who is no user any more. Called at most
   * once a request, and only where somebody asks for the user (Flask-Login's `user_loader`).
   */
  userLoader(id: string): Awaitable<U | null | undefined>;
  /**
   * The user of a request that shows no session and no remember cookie, by an API key for instance. It logs nobody in
   * and stores nothing (Flask-Login's `request_loader`).
   */
  requestLoader?(request: ServedRequest): Awaitable<U | null | undefined>;
  /** What `currentUser` is where nobody is logged in. Default: an `AnonymousUser`. */
  anonymousUser?(): A;
  /** Keys of the data that a visitor keeps when they log in, a cart for instance. Default none (R18). */
  carry?: readonly string[];
  /**
   * A number or text that changes when the user's rights or password do: a session that was begun under another one ends
   * with its next request (R33). Default: none.
   */
  sessionVersion?(user: U): string | number;
  /**
   * Another network address or browser than at login: `'basic'` makes the login stale, `'strong'` ends it. Default
   * `'none'`: addresses change on the move (R79).
   */
  protection?: Protection;
  /** How long somebody may take between password and second factor. Default `'10m'` (R32). */
  pendingFor?: Duration;
  /** `['logout']` lets GET, HEAD and OPTIONS log out, which any page on the web can have a browser do. Default none (R69). */
  safeMethods?: readonly 'logout'[];
  /** Remember me: a cookie that outlives the browser. Default: off; `{}` for all defaults. */
  remember?: RememberOptions;
}

/** The same, checked and with defaults. */
export interface LoginSettings<U extends LoginUser = LoginUser, A = unknown> {
  readonly kit: Kit;
  readonly userLoader: (id: string) => Awaitable<U | null | undefined>;
  readonly requestLoader: ((request: ServedRequest) => Awaitable<U | null | undefined>) | undefined;
  readonly anonymousUser: () => A;
  readonly carry: readonly string[];
  readonly sessionVersion: ((user: U) => string | number) | undefined;
  readonly protection: Protection;
  /** ms */
  readonly pendingFor: number;
  readonly logoutByGet: boolean;
  readonly remembering: Remembering | undefined;
}

const NAMES = [
  'sessions',
  'userLoader',
  'requestLoader',
  'anonymousUser',
  'carry',
  'sessionVersion',
  'protection',
  'pendingFor',
  'safeMethods',
  'remember',
];

/** @throws CoatcheckError `OPTION_UNKNOWN`, `OPTION_INVALID`, and what the remember cookie's options say */
export function readLogin<U extends LoginUser, A>(options: LoginOptions<U, A>): LoginSettings<U, A> {
  checkOptionNames(options, {
    names: NAMES,
    habits: {
      loadUser: 'Write userLoader',
      user_loader: 'Write userLoader',
      request_loader: 'Write requestLoader',
      anonymous_user: 'Write anonymousUser',
      session_protection: 'Write protection',
      deserializeUser: 'Write userLoader; ids are texts, and nothing needs to be serialized',
    },
    example: 'createLogin({ sessions, userLoader: (id) => users.find(id) })',
  });
  const { sessions, userLoader, requestLoader, sessionVersion, carry = [], protection = 'none' } = options;
  const { anonymousUser = () => new AnonymousUser() as A, safeMethods = [], remember } = options;
  const kit = kitOf(sessions);
  check(typeof userLoader === 'function', 'userLoader must be a function that gives the user of an id');
  for (const [name, value] of Object.entries({ requestLoader, sessionVersion, anonymousUser })) {
    check(value === undefined || typeof value === 'function', `${name} must be a function`);
  }
  check(isTexts(carry), 'carry must be a list of keys');
  check(['none', 'basic', 'strong'].includes(protection), "protection must be 'none', 'basic' or 'strong'");
  check(
    isTexts(safeMethods) && safeMethods.every((act) => act === 'logout'),
    "safeMethods may hold 'logout' and nothing else",
  );
  return {
    kit,
    userLoader: (id) => userLoader(id),
    requestLoader,
    anonymousUser,
    carry,
    sessionVersion,
    protection,
    pendingFor: durationMs(options.pendingFor ?? '10m', 'pendingFor'),
    logoutByGet: safeMethods.includes('logout'),
    remembering: remember === undefined ? undefined : new Remembering(remember, kit),
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function check(good: boolean, problem: string): void {
  if (!good) throw new CoatcheckError('OPTION_INVALID', `${problem}.`);
}
