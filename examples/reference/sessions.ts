import {
  type CookieSessions,
  type CookieSessionsOptions,
  createCookieSessions,
  createSessions,
  type SessionEvent,
  type Sessions,
} from 'coatcheck';
import type { Store } from 'coatcheck/store/contract';
import { openRedis } from 'coatcheck/store/redis';
import { storeFromUrl } from 'coatcheck/url';
import type { Settings } from './env.ts';

/** With records in a store, or sealed into their cookies. */
export type AppSessions = Sessions | CookieSessions;

/** The sessions that the settings ask for. */
export function makeSessions(settings: Settings): AppSessions {
  const { mode, secret, revocation, lifetime, proxy, bind, insecure, events } = settings;
  const common = {
    lifetime,
    ...proxy,
    bind,
    ...(insecure ? { cookie: { secure: false } } : {}),
    ...(events ? { onEvent: print } : {}),
  };
  const store = () => openStore(settings);
  if (mode === 'store') return createSessions({ ...common, store });
  const sealed = { ...common, secret };
  const options: CookieSessionsOptions =
    revocation === 'none' ? { ...sealed, revocation } : { ...sealed, revocation, store, ownerOf };
  return createCookieSessions(options);
}

/** A URL is all that a store needs; here also the rarer options of Redis can be tried. */
function openStore({ uri, redis: { driver, replicas } }: Settings): Promise<Store> {
  if (!/^rediss?[+:]/.test(uri)) return storeFromUrl(uri);
  const durable = replicas === 0 ? {} : { durable: { replicas, timeout: '1s' } };
  return openRedis({ url: uri, driver, ...durable });
}

function ownerOf({ user }: { user?: unknown }): string | undefined {
  return typeof user === 'string' && user !== '' ? user : undefined;
}

function print({ type, at, handle, address, keys, reason, verb }: SessionEvent): void {
  console.log(JSON.stringify({ event: type, at, handle, address, keys, reason, verb }));
}
