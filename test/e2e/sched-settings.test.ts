import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { called, redisProgram, startRedis } from '../support/redis.ts';
import { SchedServer } from './sched-server.ts';

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

const cookieOf = async (): Promise<string> => {
  const url = `${server?.origin}/appointments`;
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(FORM), redirect: 'manual' });
  return response.headers.getSetCookie().join();
};

test('on loopback the cookie needs no TLS and outlives the browser; the database is its owner’s alone', async () => {
  await start({});
  expect(await cookieOf()).toMatch(/^session=[^;]+; (?!.*Secure).*HttpOnly.*SameSite=Lax/);
  expect(await cookieOf()).toContain('Expires=');
  if (process.platform !== 'win32') expect((await stat(join(folder, 'sched.db'))).mode & 0o777).toBe(0o600);
});

test('in production the cookie is Secure, and the server does not start without', async () => {
  await expect(start({ NODE_ENV: 'production' })).rejects.toThrow(/ended with 1:.*cookie\.secure is false/s);
  await start({ NODE_ENV: 'production', SECURE: '1' });
  expect(await cookieOf()).toMatch(/^__Host-session=[^;]+;.*Secure/);
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
  await start({ SESSION_COOKIE_NAME: 'book', SESSION_COOKIE_SECURE: 'true', PERMANENT_SESSION_LIFETIME: '5d' });
  const cookie = await cookieOf();
  expect(cookie).toMatch(/^book=[^;]+;.*Secure/);
  const ends = Date.parse(/Expires=([^;]+)/.exec(cookie)?.[1] ?? '');
  expect(Math.round((ends - Date.now()) / 86_400_000)).toBe(5);
});

const { missing } = await redisProgram('redis');

test.skipIf(missing)(
  called('with SESSION_URI=redis://... the book is in Redis and survives a restart', missing),
  async () => {
    const redis = await startRedis();
    try {
      await start({ SESSION_URI: redis.url });
      const cookie = (await cookieOf()).split(';')[0] ?? '';
      expect(cookie).toMatch(/^session=./);
      expect((await redis.cli('dbsize')).trim()).toBe('1');
      await server?.stop();
      await server?.start();
      const page = await fetch(`${server?.origin}/`, { headers: { cookie } });
      expect(await page.text()).toContain('Dentist');
      expect(await server?.stop()).toBe(0);
    } finally {
      await redis.stop();
    }
  },
);

test('SIGTERM ends it cleanly while a browser keeps its connection', async () => {
  await start({});
  await cookieOf();
  expect(await server?.stop()).toBe(0);
});
