import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { called, redisProgram, startRedis } from '../support/redis.ts';
import { memcachedMissing, startMemcached } from '../support/servers/memcached.ts';
import { SchedServer } from './sched-server.ts';
import { PASSWORD, Visitor } from './sched-visitor.ts';

let folder: string;
let server: SchedServer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-sched-'));
});

afterEach(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

function start(settings: Record<string, string>): Promise<void> {
  server = new SchedServer(join(folder, 'sched.db'), settings);
  return server.start();
}

const FORM = { title: 'Dentist', date: '2090-01-01', time: '09:30', minutes: '30', place: '', note: '' };

let names = 0;

/** All cookies of a sign-up. */
const cookiesOf = async (): Promise<string[]> => {
  // Of whatever name the cookies are, and kept by the browser or not: what Chromium says of itself stands for a token.
  const headers = { 'Sec-Fetch-Site': 'same-origin' };
  const body = new URLSearchParams({ name: `user-${++names}`, password: PASSWORD });
  const response = await fetch(`${server?.origin}/register`, { method: 'POST', headers, body, redirect: 'manual' });
  return response.headers.getSetCookie();
};

test('on loopback the cookies need no TLS; the database is its owner’s alone', async () => {
  await start({});
  const cookies = await cookiesOf();
  expect(cookies[0]).toMatch(/^session=[^;]+; (?!.*Secure).*HttpOnly.*SameSite=Lax/);
  expect(cookies.join()).not.toMatch(/Secure|__Host-/);
  if (process.platform !== 'win32') expect((await stat(join(folder, 'sched.db'))).mode & 0o777).toBe(0o600);
});

test('in production the cookies are Secure, and the server does not start without, nor without its address', async () => {
  await expect(start({ NODE_ENV: 'production' })).rejects.toThrow(/ended with 1:.*cookie\.secure is false/s);
  await expect(start({ NODE_ENV: 'production', SECURE: '1' })).rejects.toThrow(/ended with 1:.*publicOrigin/s);
  await start({ NODE_ENV: 'production', SECURE: '1', PUBLIC_ORIGIN: 'https://book.example' });
  const cookies = await cookiesOf();
  expect(cookies.map((cookie) => cookie.split('=')[0])).toEqual(['__Host-session', '__Host-device']);
  for (const cookie of cookies) expect(cookie).toContain('Secure');
  const page = await fetch(`${server?.origin}/login`);
  expect(page.headers.getSetCookie().join()).toMatch(/^__Host-csrf=[^;]+;.*Secure/);
});

test.each([
  [{ PORT: 'http' }, /PORT must be a number/],
  [{ PORT: '70000' }, /PORT must be a number/],
  [{ SESSION_URI: 'nowhere:' }, /A store URL begins with/],
  [{ SESSION_URI: 'sqlite:/no/such/folder/sched.db' }, /there is no folder/],
  [{ SESSION_URI: '', SESSION_TYPE: 'cookie' }, /this application needs a store/],
  [{ SESSION_TYPE: 'redis' }, /SESSION_TYPE and SESSION_URI name different stores/],
  [{ SESSION_COOKIE_SECUER: 'true' }, /The nearest is SESSION_COOKIE_SECURE/],
  [{ HOST: '192.0.2.1' }, /cannot listen/],
])('the setting %j ends the start with a word on it', async (settings: Record<string, string>, said) => {
  const failed = start(settings);
  await expect(failed).rejects.toThrow(said);
  await expect(failed).rejects.toThrow(/ended with 1/);
});

test('any setting of docs/settings.md works', async () => {
  await start({ SESSION_COOKIE_NAME: 'book', SESSION_COOKIE_SECURE: 'true', SESSION_COOKIE_SAMESITE: 'Strict' });
  expect((await cookiesOf())[0]).toMatch(/^book=[^;]+;.*Secure.*SameSite=Strict/);
});

const { missing } = await redisProgram('redis');

test.skipIf(missing)(
  called('with SESSION_URI=redis://... users and books are in Redis, survive a restart and are one for all', missing),
  async () => {
    const redis = await startRedis();
    const other = new SchedServer('', { SESSION_URI: redis.url });
    try {
      await start({ SESSION_URI: redis.url });
      const ann = new Visitor({ origin: server?.origin ?? '' });
      await ann.register('ann');
      await ann.post('/appointments', FORM);
      await server?.stop();
      await server?.start();
      expect(await ann.read('/')).toContain('Dentist');
      await other.start();
      expect(await new Visitor(other).logIn('ann')).toContain('Dentist');
      expect(await server?.stop()).toBe(0);
    } finally {
      await other.stop();
      await redis.stop();
    }
  },
);

test.skipIf(memcachedMissing)(
  called('a store that keeps no owners ends the start with a word on it', memcachedMissing),
  async () => {
    const memcached = await startMemcached();
    try {
      await expect(start({ SESSION_URI: memcached.url })).rejects.toThrow(/ended with 1:.*owner/s);
    } finally {
      await memcached.stop();
    }
  },
);

test('SIGTERM ends it cleanly while a browser keeps its connection', async () => {
  await start({});
  await cookiesOf();
  expect(await server?.stop()).toBe(0);
});
