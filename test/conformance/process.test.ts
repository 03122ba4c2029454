import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { readSettings, SettingError } from '../../examples/reference/env.ts';
import { makeSessions } from '../../examples/reference/sessions.ts';
import { CoatcheckError } from '../../src/errors.ts';
import { testDrivers } from '../store/drivers.ts';
import { count, fleet, refusal, SEALED, until } from './app.ts';
import { ADAPTERS } from './cells.ts';
import { tell, Visitor } from './visitor.ts';

const { start, cell } = fleet();

describe.each(ADAPTERS)('%s', (adapter) => {
  test('SIGTERM lets a running request end, takes no new one, and ends with 0; what it stored is there', async () => {
    const env = await cell(adapter, 'sqlite');
    const app = await start(env);
    const visitor = new Visitor(app.port);
    await visitor.post('/set', { k: 'a', v: 1 });
    await app.settle();
    const loaded = count(app, 'loaded');
    const running = [visitor.get('/slow?ms=500&k=slow&v=1'), visitor.get('/stream?ms=400&k=late&v=1')];
    await until(() => count(app, 'loaded') === loaded + 2);
    const stopped = app.stop();
    await refusedSoon(app.port);
    const [slow, stream] = await Promise.all(running);
    expect([slow?.json, stream?.text]).toEqual([{ ok: true }, 'begun\nok']);
    expect(await stopped).toBe(0);
    const again = await start(env);
    expect((await visitor.at(again.port).get('/keys')).json.keys.sort()).toEqual(['a', 'late', 'slow']);
    await again.stop();
  });

  test('a store that fails is a 503 for whoever needs the session and nobody else, and costs no cookie', async () => {
    const env = await cell(adapter, 'sqlite');
    const app = await start(env);
    const visitor = new Visitor(app.port);
    await visitor.post('/set', { k: 'a', v: 1 });
    const database = await openDatabase(env.SESSION_URI?.slice('sqlite:'.length) ?? '');
    database.exec('ALTER TABLE coatcheck_sessions RENAME TO away');
    for (const [method, path] of [
      ['GET', '/get?k=a'],
      ['POST', '/incr'],
      ['POST', '/destroy'],
    ] as const) {
      const told = method === 'GET' ? await visitor.get(path) : await visitor.post(path, { k: 'n' });
      expect([path, told.status, told.json.error.code]).toEqual([path, 503, 'STORE_FAILED']);
      if (path !== '/destroy') expect(told.setCookie).toEqual([]);
    }
    expect((await visitor.get('/public')).json).toEqual({ ok: true });
    expect((await visitor.get('/static/app.css')).status).toBe(200);
    const born = await new Visitor(app.port).post('/set', { k: 'a', v: 1 });
    expect([born.status, born.json.error, born.setCookie]).toEqual([
      503,
      { code: 'STORE_FAILED', message: expect.any(String), outcome: expect.any(String) },
      [],
    ]);
    database.exec('ALTER TABLE away RENAME TO coatcheck_sessions');
    database.close();
    await app.stop();
  });
});

const wrong: [setting: string, env: Record<string, string>, named: RegExp][] = [
  ['an adapter that does not exist', { ADAPTER: 'koa' }, /ADAPTER.*express/],
  ['a port that is none', { PORT: 'http' }, /PORT/],
  ['a port out of range', { PORT: '65536' }, /PORT/],
  ['a mode that does not exist', { MODE: 'jwt' }, /MODE/],
  ['cookie mode without a secret', { MODE: 'cookie' }, /SECRET/],
  ['cookie mode with a weak secret', { MODE: 'cookie', SECRET: 'short' }, /secret/],
  ['a weak second secret', { MODE: 'cookie', SECRET: `${SEALED.SECRET},x` }, /secret/],
  ['a revocation that does not exist', { REVOCATION: 'all' }, /REVOCATION/],
  ['a driver that does not exist', { REDIS_DRIVER: 'lettuce' }, /REDIS_DRIVER.*ioredis/],
  ['an idle time without a unit', { IDLE: '1800' }, /idle.*unit/],
  ['an absolute time without a unit', { ABSOLUTE: '86400' }, /absolute.*unit/],
  ['an idle time of nothing', { IDLE: '0s' }, /idle/],
  ['an idle time beyond the absolute one', { IDLE: '2h', ABSOLUTE: '1h' }, /idle/],
  ['a proxy that is everybody', { TRUST_PROXY: 'true' }, /trustProxy/],
  ['a proxy that is no address', { TRUST_PROXY: 'loopback,proxy.example' }, /trustProxy/],
  ['fewer proxies than none', { TRUST_PROXY: '-1' }, /trustProxy/],
  ['a proxy’s header that does not exist', { TRUST_HEADER: 'x-real-ip' }, /TRUST_HEADER/],
  ['a binding that does not exist', { BIND: 'browser' }, /BIND/],
  ['an origin with a path', { PUBLIC_ORIGIN: 'https://app.example/x' }, /PUBLIC_ORIGIN/],
  ['an origin that is none', { PUBLIC_ORIGIN: 'app.example' }, /PUBLIC_ORIGIN/],
  ['a switch that is neither', { INSECURE: 'yes' }, /INSECURE/],
];

test.each(wrong)('a wrong setting is refused with what to write: %s', (_setting, env, named) => {
  const read = () => makeSessions(readSettings(env));
  expect(read).toThrow(named);
  let error: unknown;
  try {
    read();
  } catch (thrown) {
    error = thrown;
  }
  expect(error instanceof SettingError || error instanceof CoatcheckError).toBe(true);
  expect(String(error)).not.toContain(SEALED.SECRET);
});

test('settings at their defaults are accepted, empty ones are none', () => {
  const env = { BIND: 'none', REVOCATION: '', TRUST_PROXY: '', PUBLIC_ORIGIN: 'https://app.example', IDLE: '30m' };
  expect(readSettings(env)).toMatchObject({ adapter: 'express', uri: 'memory:', mode: 'store', insecure: false });
  expect(readSettings(env).proxy).toEqual({ proxyHeader: 'x-forwarded', publicOrigin: 'https://app.example' });
  expect(readSettings({ TRUST_PROXY: '2' }).proxy.trustProxy).toBe(2);
  expect(readSettings({ TRUST_PROXY: 'loopback, 10.0.0.0/8' }).proxy.trustProxy).toEqual(['loopback', ' 10.0.0.0/8']);
});

test.each([
  [{ IDLE: '1800' }, /idle/],
  [{ TRUST_PROXY: 'true' }, /trustProxy/],
  [{ SESSION_URI: 'nowhere://x' }, /store URL/],
  [{ SESSION_URI: 'sqlite:./no/such/folder/x.db' }, /no folder/],
])('a wrong setting ends the process with a message: %j', async (env, message) => {
  const { status, stderr } = await refusal(env);
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain('    at ');
});

test('`npm run reference` says where it listens; INSECURE=1 sends a cookie that plain HTTP tools keep', async () => {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, PORT: '0', ADAPTER: 'node', INSECURE: '1' };
  const child = spawn('npm', ['run', 'reference'], { env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = once(child, 'close');
  for await (const line of createInterface(child.stdout)) {
    const port = /^listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
    if (port === undefined) continue;
    const born = await new Visitor(Number(port)).post('/set', { k: 'a', v: 1 });
    expect(born.setCookie).toEqual([expect.stringMatching(/^session=[\w-]{43}; HttpOnly; Path=\/; SameSite=Lax$/)]);
    break;
  }
  // The whole group: npm starts the server by a shell.
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  await closed;
});

async function refusedSoon(port: number): Promise<void> {
  let refused = false;
  const end = performance.now() + 5000;
  while (!refused && performance.now() < end) {
    refused = await tell(port, { path: '/public' }).then(
      () => false,
      () => true,
    );
  }
  expect(refused).toBe(true);
}

async function openDatabase(path: string): Promise<{ exec(sql: string): void; close(): void }> {
  const driver = (await testDrivers()).find(({ missing }) => missing === undefined);
  if (driver === undefined) throw new Error('There is no SQLite driver.');
  return driver.open(path);
}
