import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sessionsFromEnv } from '../../src/env/index.ts';
import type { CookieSessions, SessionInterface, Sessions } from '../../src/index.ts';
import type { Session } from '../../src/session/types.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { CookieJar, sessionTransaction } from '../../src/testing/index.ts';
import { storeFromUrl } from '../../src/url.ts';
import { failureOf, KEY, OLD_KEY } from './said.ts';

const MEMORY = { SESSION_TYPE: 'memory' };
const SEALED = { SESSION_TYPE: 'cookie', SESSION_REVOCATION: 'none', SECRET_KEY: KEY };

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-env-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** Opens a session for a request, from behind a proxy if it says who asks. */
async function open(sessions: SessionInterface<Session>, cookie?: string, visitor?: string): Promise<Session> {
  const header = (name: string): string | undefined => (name === 'x-forwarded-for' ? visitor : undefined);
  const request = { method: 'GET', path: '/', cookie, header, address: '10.0.0.1', secure: true };
  const session = await sessions.open(request);
  if (session === undefined) throw new Error('no session');
  return session;
}

/** The Set-Cookie value of a first visit that writes. */
async function cookieOf(sessions: SessionInterface<Session>, permanent = false, visitor?: string): Promise<string> {
  const session = await open(sessions, undefined, visitor);
  session.set('n', 1);
  if (permanent) session.permanent = true;
  const { setCookie = [] } = await sessions.commit(session, { status: 200 });
  return setCookie.join();
}

/** A jar with the same cookies, which goes its own way. */
function copyOf(jar: CookieJar): CookieJar {
  const copy = new CookieJar();
  copy.store([`${jar.headers('/').cookie}; Path=/; Secure`]);
  return copy;
}

describe('sessionsFromEnv', () => {
  test('opens the store when it is needed and not before, and closes it', async () => {
    const file = join(folder, 'sessions.db');
    const sessions = await sessionsFromEnv({ SESSION_URI: `sqlite:${file}` }, { needs: 'store' });
    // What began to open before this one would be open by now.
    await (await storeFromUrl(`sqlite:${join(folder, 'other.db')}`)).close?.();
    expect(existsSync(file)).toBe(false);
    await sessions.ready();
    expect(existsSync(file)).toBe(true);
    await sessions.records('test').create('a', 1, { expiresIn: '1m' });
    await sessions.close();
    await expect(sessions.records('test').get('a')).rejects.toMatchObject({ code: 'STORE_FAILED' });
    const again = await sessionsFromEnv({ SESSION_URI: `sqlite:${file}` }, { needs: 'store' });
    expect(await again.records('test').get('a')).toBe(1);
    await again.close();
  });

  test('without any setting of the cookie has our defaults and not Flask’s', async () => {
    expect(await cookieOf(await sessionsFromEnv(MEMORY))).toMatch(
      /^__Host-session=[^;]+; Secure; HttpOnly; Path=\/; SameSite=Lax$/,
    );
  });

  test('gives the cookie what the settings say', async () => {
    const env = {
      ...MEMORY,
      SESSION_COOKIE_NAME: 'shop',
      SESSION_COOKIE_PATH: '/shop',
      SESSION_COOKIE_SECURE: 'false',
      SESSION_COOKIE_SAMESITE: 'Strict',
      PERMANENT_SESSION_LIFETIME: '432000',
    };
    const now = Date.UTC(2030, 0, 1);
    const sessions = await sessionsFromEnv(env, { clock: { now: () => now } });
    expect(await cookieOf(sessions, true)).toMatch(
      /^shop=[^;]+; Expires=Sun, 06 Jan 2030 00:00:00 GMT; HttpOnly; Path=\/shop; SameSite=Strict$/,
    );
  });

  test.each([
    ['signed tickets', { SESSION_USE_SIGNER: 'true' }],
    ['sealed cookies', { SESSION_TYPE: 'cookie', SESSION_REVOCATION: 'none' }],
  ])('a fallback reads %s and never writes', async (_what, kind) => {
    const options = 'SESSION_TYPE' in kind ? {} : { store: memoryStore() };
    const by = (env: object): Promise<SessionInterface<Session>> => sessionsFromEnv({ ...kind, ...env }, options);
    const read = async (env: object, jar: CookieJar): Promise<unknown> =>
      sessionTransaction(await by(env), copyOf(jar), (session: Session) => session.get('n', 'unknown'));
    const [old, fresh] = [new CookieJar(), new CookieJar()];
    const both = { SECRET_KEY: KEY, SECRET_KEY_FALLBACKS: OLD_KEY };
    await sessionTransaction(await by({ SECRET_KEY: OLD_KEY }), old, (session: Session) => session.set('n', 1));
    await sessionTransaction(await by(both), fresh, (session: Session) => session.set('n', 2));
    expect(await read({ SECRET_KEY: KEY }, old)).toBe('unknown');
    expect(await read(both, old)).toBe(1);
    expect(await read({ SECRET_KEY: KEY }, fresh)).toBe(2);
    expect(await read({ SECRET_KEY: OLD_KEY }, fresh)).toBe('unknown');
  });

  test('remembers in the store of SESSION_URI which sealed sessions were ended', async () => {
    const env = { ...SEALED, SESSION_REVOCATION: 'denylist', SESSION_URI: 'memory:' };
    const sessions: SessionInterface<Session> = await sessionsFromEnv(env);
    const jar = new CookieJar();
    await sessionTransaction(sessions, jar, (session: Session) => session.set('n', 1));
    const copy = copyOf(jar);
    await sessionTransaction(sessions, jar, (session: Session) => session.destroy());
    expect(await sessionTransaction(sessions, copy, (session: Session) => session.get('n', 'ended'))).toBe('ended');
  });

  test.each([
    [{ SESSION_PROTECTION: 'true', SESSION_REVERSE_PROXY: 'true' }, undefined],
    [{ SESSION_PROTECTION: 'true', SESSION_REVERSE_PROXY: '10.0.0.0/8' }, undefined],
    [{ SESSION_PROTECTION: 'true', SESSION_REVERSE_PROXY: 'false' }, 1],
    [{ SESSION_PROTECTION: 'false', SESSION_REVERSE_PROXY: 'true' }, 1],
  ])('with %j another visitor who brings the cookie finds %s', async (env, found) => {
    const sessions: SessionInterface<Session> = await sessionsFromEnv({ ...MEMORY, ...env });
    const cookie = (await cookieOf(sessions, false, '203.0.113.7')).split(';')[0];
    expect((await open(sessions, cookie, '203.0.113.7')).n).toBe(1);
    expect((await open(sessions, cookie, '198.51.100.9')).n).toBe(found);
  });

  test('is typed: a store where the application needs one, else either of two, both for every adapter', async () => {
    const stored: Sessions<{ user: string }> = await sessionsFromEnv<{ user: string }>(MEMORY, { needs: 'store' });
    const either: Sessions | CookieSessions = await sessionsFromEnv(MEMORY);
    // @ts-expect-error: sealed cookies have no records
    expect(either.records).toBeTypeOf('function');
    expect(stored.records).toBeTypeOf('function');
  });
});

describe('what the environment and the code say together', () => {
  test('is merged, member by member, and the options given stay as they were', async () => {
    const options = { cookie: { path: '/a' }, lifetime: { idle: '2h' } };
    const before = structuredClone(options);
    const env = { ...MEMORY, SESSION_COOKIE_NAME: '__Secure-a', PERMANENT_SESSION_LIFETIME: '5d' };
    expect(await cookieOf(await sessionsFromEnv(env, options))).toMatch(/^__Secure-a=[^;]+;.* Path=\/a;/);
    expect(options).toEqual(before);
  });

  test.each<[Record<string, string>, object]>([
    [{ SESSION_COOKIE_SECURE: 'true' }, { cookie: { secure: true } }],
    [{ PERMANENT_SESSION_LIFETIME: '432000' }, { lifetime: { permanent: { idle: '5d' } } }],
    [{ SECRET_KEY: KEY }, { secret: [KEY] }],
    [{ SESSION_COOKIE_NAME: 'shop' }, { cookie: undefined }],
  ])('may be the same twice: %j', async (env, options) => {
    expect(await failureOf(() => sessionsFromEnv({ ...MEMORY, ...env }, options))).toBe('nothing was thrown');
  });

  test.each<[Record<string, string>, object, string]>([
    [{ SESSION_COOKIE_NAME: 'a' }, { cookie: { name: 'b' } }, 'SESSION_COOKIE_NAME and the option cookie.name'],
    [{ SESSION_COOKIE_SECURE: 'true' }, { cookie: { secure: false } }, 'SESSION_COOKIE_SECURE and the option'],
    [
      { PERMANENT_SESSION_LIFETIME: '5d' },
      { lifetime: { permanent: { idle: '6d' } } },
      'PERMANENT_SESSION_LIFETIME and the option lifetime.permanent.idle',
    ],
    [{ SECRET_KEY: KEY }, { secret: OLD_KEY }, 'SECRET_KEY and the option secret say different things'],
    [{ SESSION_USE_SIGNER: 'false' }, { tickets: 'signed' }, 'SESSION_USE_SIGNER and the option tickets'],
    [{ SESSION_STATIC_FILE: 'true' }, { staticFiles: false }, 'SESSION_STATIC_FILE and the option staticFiles'],
    [{}, { store: memoryStore() }, 'SESSION_TYPE and the option store both name a store'],
  ])('is refused where it differs: %j', async (env, options, said) => {
    const failure = await failureOf(() => sessionsFromEnv({ ...MEMORY, ...env }, options));
    expect(failure).toMatch(/^SETTING_INVALID/);
    expect(failure).toContain(said);
  });

  test('leaves an option that makes no sense to those who know it', async () => {
    const env = { ...MEMORY, SESSION_COOKIE_NAME: 'a' };
    expect(await failureOf(() => sessionsFromEnv(env, { cookie: 'sid' } as never))).toMatch(/object of options/);
    expect(await failureOf(() => sessionsFromEnv(MEMORY, { resave: true } as never))).toMatch(
      /^OPTION_UNKNOWN: resave/,
    );
    expect(await failureOf(() => sessionsFromEnv(MEMORY, { needs: 'cookie' } as never))).toMatch(
      /needs must be 'store'/,
    );
  });
});

describe('a start that cannot work says which setting to change', () => {
  test.each<[Record<string, unknown>, object, RegExp]>([
    [{}, {}, /^SETTING_INVALID: SESSION_URI is not set.*SESSION_TYPE=memory for development/],
    [{ SESSION_TYPE: '', SESSION_URI: '' }, {}, /SESSION_URI is not set/],
    [{ SESSION_TYPE: 'cookie', SESSION_REVOCATION: 'none' }, {}, /^SECRET_REQUIRED: SECRET_KEY is missing/],
    [{ SESSION_TYPE: 'cookie', SECRET_KEY: KEY }, {}, /SESSION_REVOCATION must be chosen.*none.*denylist/],
    [{ ...SEALED, SESSION_URI: 'memory:' }, {}, /SESSION_URI is of no use/],
    [SEALED, { store: memoryStore() }, /The option store is of no use/],
    [{ ...SEALED, SESSION_REVOCATION: 'denylist' }, {}, /SESSION_REVOCATION needs SESSION_URI/],
    [SEALED, { maxPerOwner: 3, ownerOf: () => 'a' }, /SESSION_TYPE is cookie, and the option maxPerOwner/],
    [SEALED, { needs: 'store' }, /SESSION_TYPE is cookie, and this application needs a store/],
    [{ ...MEMORY, SESSION_USE_SIGNER: 'true' }, {}, /^SECRET_REQUIRED: SECRET_KEY is missing/],
    [{ ...MEMORY, SESSION_COOKIE_NAME: 'a b' }, {}, /name must be a token.*In the environment: SESSION_COOKIE_NAME\./],
    [
      { ...MEMORY, SESSION_COOKIE_SAMESITE: 'None', SESSION_COOKIE_SECURE: '0' },
      {},
      /SECURE, SESSION_COOKIE_SAMESITE\./,
    ],
    [{ ...MEMORY, SESSION_COOKIE_PARTITIONED: 'true' }, {}, /partitioned needs.*SESSION_COOKIE_PARTITIONED/],
    [{ ...MEMORY, PERMANENT_SESSION_LIFETIME: '9d' }, { lifetime: { permanent: { absolute: '8d' } } }, /LIFETIME\.$/],
    [{ ...MEMORY, SESSION_REVERSE_PROXY: '10.0.0.0/8 ::1' }, {}, /trustProxy takes.*SESSION_REVERSE_PROXY\./],
    [{ ...MEMORY, SESSION_REVERSE_PROXY: '65' }, {}, /trustProxy takes.*SESSION_REVERSE_PROXY\./],
    [{ ...MEMORY, SECRET_KEY: 12 }, {}, /SECRET_KEY must be text/],
  ])('%j', async (env, options, message) => {
    expect(await failureOf(() => sessionsFromEnv(env, options))).toMatch(message);
  });

  test('in production SESSION_COOKIE_SECURE=false is refused by name', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    expect(await failureOf(() => sessionsFromEnv({ ...MEMORY, SESSION_COOKIE_SECURE: 'false' }))).toMatch(
      /^SETTING_INVALID: .*production.*SESSION_COOKIE_SECURE/,
    );
  });

  test('bindings of a worker that are no text are no settings', async () => {
    expect(await failureOf(() => sessionsFromEnv({ ...MEMORY, SESSION_KV: {} }))).toBe('nothing was thrown');
  });

  test('what is no environment is refused', async () => {
    expect(await failureOf(() => sessionsFromEnv(undefined as never))).toMatch(/such as process\.env/);
  });
});
