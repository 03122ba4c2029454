import type { Sessions } from 'coatcheck';
import { type Csrf, createCsrf } from 'coatcheck/csrf';
import { type ExpressLogin, expressLogin } from 'coatcheck/http/express-login';
import {
  createLimiter,
  createLogin,
  createUserData,
  type Limiter,
  type LimiterOptions,
  type Login,
  type UserData,
} from 'coatcheck/login';
import type { BookData } from './book.ts';
import { KEPT_FOR, type User, Users } from './users.ts';

export interface SchedOptions {
  /** The clock of the pages. Default: the real one. */
  readonly now?: () => Date;
  /** Whether cookies are Secure; the same as of the sessions. Default true. */
  readonly secure?: boolean;
  /** Where visitors reach the application: `https://book.example`. Required in production. */
  readonly publicOrigin?: string;
  /** How many failed logins there may be. Default: those of `createLimiter`. */
  readonly limits?: Pick<LimiterOptions, 'account' | 'address' | 'device'>;
}

/** What the routes work with. */
export interface Services {
  readonly sessions: Sessions;
  readonly now: () => Date;
  readonly users: Users;
  readonly books: UserData<BookData>;
  readonly login: Login<User, undefined>;
  readonly guards: ExpressLogin;
  /** Guards for what scripts ask: no page to log in on. */
  readonly scripts: ExpressLogin;
  readonly csrf: Csrf;
  readonly limiter: Limiter;
}

export function services(sessions: Sessions, options: SchedOptions): Services {
  const { now = () => new Date(), secure = true, publicOrigin, limits } = options;
  const users = new Users(sessions, now);
  const login = createLogin<User, undefined>({
    sessions,
    userLoader: (id) => users.byId(id),
    anonymousUser: () => undefined,
    // A session of before the last change of the password ends with its next request.
    sessionVersion: ({ version }) => version,
    remember: {},
    loginView: '/login',
    refreshView: '/confirm',
    loginMessage: 'Please log in first.',
    refreshMessage: 'This wants your password once more.',
  });
  const csrf = createCsrf({
    cookie: { secure },
    // What remembers somebody logs them in, so it stands for them; its name depends on the settings of the cookies.
    cookies: ['__Host-remember', '__Secure-remember', 'remember'],
    ...(publicOrigin !== undefined && { publicOrigin }),
  });
  return {
    sessions,
    now,
    users,
    login,
    csrf,
    books: createUserData<BookData>({ sessions, keep: KEPT_FOR }),
    guards: expressLogin(login),
    scripts: expressLogin(login, {
      loginMessage: null,
      unauthorized: (_request, response) => void response.writeHead(401).end(),
    }),
    limiter: createLimiter({ sessions, ...limits }),
  };
}
