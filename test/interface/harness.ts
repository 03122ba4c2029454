import {
  type CookieSessionsOptions,
  createCookieSessions,
  createSessions,
  type HeaderChanges,
  type Session,
  type SessionEvent,
  type SessionsOptions,
} from '../../src/index.ts';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import { type FaultyStore, faultyStore } from '../../src/testing/faulty-store.ts';
import { Browser } from '../support/visit.ts';

export type Data = Record<string, any>;

export const SECRET = 'q7Rk2xWm9ZtB4vNc8LpY3sHd6JfG1uEa';
export const OLD_SECRET = 'uB8nV3yKs6WqT1zXe5MdC9hRj4PgL7fA';

export function heardBy(events: readonly SessionEvent[]) {
  return (type: string) => events.filter((event) => event.type === type);
}

/** Server-side sessions on a store that counts and fails as told, with a clock that stands still. */
export function setup(options: Omit<SessionsOptions<Data>, 'store' | 'clock'> & { base?: Store } = {}) {
  const { base = memoryStore(), ...rest } = options;
  const clock = fakeClock();
  const events: SessionEvent[] = [];
  const store: FaultyStore = faultyStore(base);
  const sessions = createSessions<Data>({
    store,
    clock,
    sweep: false,
    onEvent: (event) => events.push(event),
    ...rest,
  });
  const browser = new Browser<Session<Data>>(sessions);
  return {
    sessions,
    browser,
    clock,
    events,
    store,
    base,
    heard: heardBy(events),
    newBrowser: (cookie?: string) => new Browser<Session<Data>>(sessions, cookie),
    verbs: () => store.calls.map(({ verb }) => verb),
  };
}

/** Sessions sealed into their cookie. */
export function sealedSetup(options: Partial<CookieSessionsOptions<Data>> = {}) {
  const clock = fakeClock();
  const events: SessionEvent[] = [];
  const sessions = createCookieSessions<Data>({
    secret: SECRET,
    revocation: 'none',
    clock,
    onEvent: (event: SessionEvent) => events.push(event),
    ...options,
  } as CookieSessionsOptions<Data>);
  const browser = new Browser<Session<Data>>(sessions);
  return { sessions, browser, clock, events, heard: heardBy(events) };
}

/** Everything that a store holds. */
export async function dump(store: Store) {
  const found: { key: string; document: string; expiresAt: number }[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.scan?.(cursor, 1000);
    for (const { key, expiresAt } of page?.entries ?? []) {
      const document = (await store.read(key))?.document;
      found.push({ key, expiresAt, document: typeof document === 'string' ? document : String(document) });
    }
    cursor = page?.cursor;
  } while (cursor !== undefined);
  return found;
}

/** The value in `name=value`. */
export function ticketOf(cookie: string | undefined): string {
  return cookie?.slice(cookie.indexOf('=') + 1) ?? '';
}

export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

export function expiresIn(changes: HeaderChanges): number | undefined {
  const match = /; Expires=([^;]+)/.exec(changes.setCookie[0] ?? '');
  return match?.[1] === undefined ? undefined : Date.parse(match[1]);
}
