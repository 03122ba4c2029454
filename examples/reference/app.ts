import { type Csrf, createCsrf } from 'coatcheck/csrf';
import { createLogin, type Login } from 'coatcheck/login';
import type { Settings } from './env.ts';
import { People, type Person } from './people.ts';
import { type AppSessions, makeSessions } from './sessions.ts';

/** What the routes and the adapters work with. */
export interface App {
  readonly sessions: AppSessions;
  readonly csrf: Csrf;
  readonly people: People;
  readonly login: Login<Person>;
}

export function makeApp(settings: Settings): App {
  return appOn(makeSessions(settings), settings);
}

export function appOn(sessions: AppSessions, { insecure, proxy, mode, secret }: Settings): App {
  const { publicOrigin } = proxy;
  const people = new People();
  const csrf = createCsrf({
    ...(publicOrigin === undefined ? {} : { publicOrigin }),
    ...(insecure ? { cookie: { secure: false } } : {}),
    // It brings a user back, as the session's cookie does.
    cookies: [insecure ? 'remember' : '__Host-remember'],
  });
  const login = createLogin({
    sessions,
    userLoader: (id: string) => people.find(id),
    // Without a store it is the version that ends what another browser has.
    ...(mode === 'cookie'
      ? { remember: { secret }, sessionVersion: ({ version }: Person) => version }
      : { remember: {} }),
  });
  return { sessions, csrf, people, login };
}
