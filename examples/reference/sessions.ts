import {
  type CookieSessions,
  type CookieSessionsOptions,
  createCookieSessions,
  createSessions,
  type SessionEvent,
  type Sessions,
} from 'coatcheck';
import { storeFromUrl } from 'coatcheck/url';
import type { Settings } from './env.ts';

/** The sessions that the settings ask for. */
export function makeSessions(settings: Settings): Sessions | CookieSessions {
  const { mode, uri, secret, revocation, lifetime, insecure, events } = settings;
  const common = {
    lifetime,
    ...(insecure ? { cookie: { secure: false } } : {}),
    ...(events ? { onEvent: print } : {}),
  };
  const store = () => storeFromUrl(uri);
  if (mode === 'store') return createSessions({ ...common, store });
  const sealed = { ...common, secret };
  const options: CookieSessionsOptions =
    revocation === 'none' ? { ...sealed, revocation } : { ...sealed, revocation, store, ownerOf };
  return createCookieSessions(options);
}

function ownerOf({ user }: { user?: unknown }): string | undefined {
  return typeof user === 'string' && user !== '' ? user : undefined;
}

function print({ type, at, handle, keys, reason, verb }: SessionEvent): void {
  console.log(JSON.stringify({ event: type, at, handle, keys, reason, verb }));
}
