import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
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
  [{ HOST: '192.0.2.1' }, /cannot listen/],
])('the setting %j ends the start with a word on it', async (settings: Record<string, string>, said) => {
  const failed = start(settings);
  await expect(failed).rejects.toThrow(said);
  await expect(failed).rejects.toThrow(/ended with 1/);
});

test('SIGTERM ends it cleanly while a browser keeps its connection', async () => {
  await start({});
  await cookieOf();
  expect(await server?.stop()).toBe(0);
});
