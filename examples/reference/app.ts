import { type Csrf, createCsrf } from 'coatcheck/csrf';
import type { Settings } from './env.ts';
import { type AppSessions, makeSessions } from './sessions.ts';

/** What the routes and the adapters work with. */
export interface App {
  readonly sessions: AppSessions;
  readonly csrf: Csrf;
}

export function makeApp(settings: Settings): App {
  const { insecure, proxy } = settings;
  const { publicOrigin } = proxy;
  const csrf = createCsrf({
    ...(publicOrigin === undefined ? {} : { publicOrigin }),
    ...(insecure ? { cookie: { secure: false } } : {}),
  });
  return { sessions: makeSessions(settings), csrf };
}
