import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { storeFromUrl } from '../../src/url.ts';
import { called, type Redis, type Relay, startRedis, startRelay } from '../support/redis.ts';
import { freePort } from '../support/servers/child.ts';
import { Browser } from '../support/visit.ts';
import { type App, fleet, refusal } from './app.ts';
import { redisMissing } from './stores.ts';
import { type Told, tell, Visitor } from './visitor.ts';

const { start } = fleet();

const DEADLINE = 2000;
/** What a request may take beyond the deadline, in milliseconds. */
const MORE = 100;
const DRIVERS = ['redis', 'ioredis'] as const;

describe.skipIf(redisMissing !== undefined).each(DRIVERS)(called('faults of Redis, by %s', redisMissing), (driver) => {
  let redis: Redis;
  let relay: Relay;
  let app: App;
  let visitor: Visitor;
  beforeAll(async () => {
    redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    relay = await startRelay(redis.port);
    app = await start({ ADAPTER: 'express', SESSION_URI: relay.url, REDIS_DRIVER: driver });
  }, 60_000);
  afterAll(async () => {
    await app.stop();
    await relay.stop();
    await redis.stop();
  });
  beforeEach(async () => {
    visitor = new Visitor(app.port);
    expect((await visitor.post('/set', { k: 'a', v: 1 })).status).toBe(200);
    expect((await visitor.post('/incr', { k: 'n' })).json).toEqual({ ok: true, value: 1 });
  });

  /** How long it took, less what a request took meanwhile that needs no store: what the machine was busy with. */
  const timed = async (ask: () => Promise<Told>): Promise<Told & { ms: number }> => {
    let [answered, noise] = [false, 0];
    const control = async (): Promise<void> => {
      while (!answered) {
        const begun = performance.now();
        await tell(app.port, { path: '/static/app.css' });
        noise = Math.max(noise, performance.now() - begun);
        await sleep(20);
      }
    };
    const controlled = control();
    const begun = performance.now();
    const told = await ask();
    const ms = performance.now() - begun;
    answered = true;
    await controlled;
    return { ...told, ms: ms - noise };
  };
  const read = (): Promise<Told> => visitor.get('/get?k=a');
  const write = (): Promise<Told> => visitor.post('/incr', { k: 'n' });

  /** A 503 in time that costs no cookie. */
  async function refuses(ask: () => Promise<Told>, outcome?: 'none' | 'unknown'): Promise<void> {
    const { status, json, setCookie, ms } = await timed(ask);
    expect([status, setCookie, json.error.code]).toEqual([503, [], expect.stringMatching(/^STORE_/)]);
    expect(json.error).toMatchObject({ outcome: outcome ?? expect.stringMatching(/^(none|unknown)$/) });
    expect(ms).toBeLessThan(DEADLINE + MORE);
    // Who does not need the session is served.
    expect((await visitor.get('/public')).json).toEqual({ ok: true });
    expect((await visitor.get('/static/app.css')).status).toBe(200);
  }

  /** All is well again, soon and without a new cookie. */
  async function recovers(): Promise<void> {
    const { cookie } = visitor.jar.headers();
    const { ms } = await timed(async () => {
      for (;;) {
        const told = await write();
        if (told.status === 200) return told;
        await sleep(20);
      }
    });
    expect(ms).toBeLessThan(1500);
    expect((await read()).json).toEqual({ value: 1 });
    expect(visitor.jar.headers().cookie).toBe(cookie);
  }

  test('a dead one: a 503 in time and no cookie lost; a logout fails, and takes its cookie away all the same', async () => {
    await redis.kill();
    await refuses(read, 'none');
    await refuses(write, 'none');
    const born = await new Visitor(app.port).post('/set', { k: 'a', v: 1 });
    expect([born.status, born.setCookie]).toEqual([503, []]);
    const leaving = new Visitor(app.port);
    leaving.jar.store([`__Host-session=${visitor.jar.get('__Host-session')}; Secure; Path=/`]);
    const logout = await leaving.post('/destroy');
    expect([logout.status, logout.setCookie]).toEqual([503, [expect.stringContaining('Max-Age=0')]]);
    await redis.restart();
    await recovers();
  });

  test('a restarted one, which knows no scripts any more, is used as before', async () => {
    await redis.kill();
    await redis.restart();
    await recovers();
    await redis.cli('script', 'flush');
    expect((await write()).status).toBe(200);
  });

  test('a connection that breaks while nobody uses it is not noticed, or costs one moment', async () => {
    relay.cut();
    await recovers();
  });

  test('a slow one is waited for up to the deadline, and not beyond', async () => {
    relay.delay(300);
    const slow = await timed(write);
    expect([slow.status, slow.ms < DEADLINE]).toEqual([200, true]);
    relay.delay(2500);
    await refuses(read, 'none');
    relay.heal();
    await recovers();
  });

  test('an answer that does not come leaves a write in doubt, and says so', async () => {
    relay.swallow(([verb = '']) => {
      if (/^evalsha$/i.test(verb)) relay.hold();
      return false;
    });
    await refuses(write, 'unknown');
    relay.heal();
    await recovers();
    // It was done: 1, the one in doubt, and those of `recovers`.
    expect((await visitor.get('/get?k=n')).json.value).toBeGreaterThanOrEqual(3);
  });

  test('a full one (noeviction) refuses writes at once, and reads go on', async () => {
    await redis.cli('config', 'set', 'maxmemory-policy', 'noeviction');
    await redis.cli('config', 'set', 'maxmemory', '1');
    expect((await read()).json).toEqual({ value: 1 });
    await refuses(write, 'none');
    expect((await timed(write)).ms).toBeLessThan(500);
    const born = await new Visitor(app.port).post('/set', { k: 'a', v: 1 });
    expect([born.status, born.setCookie, born.json.error.outcome]).toEqual([503, [], 'none']);
    await redis.cli('config', 'set', 'maxmemory', '0');
    await recovers();
  });

  test('one that became a replica refuses writes in time, until it is a primary again', async () => {
    await redis.cli('replicaof', '127.0.0.1', `${await freePort()}`);
    await refuses(write);
    await redis.cli('replicaof', 'no', 'one');
    expect((await visitor.get('/get?k=n')).json).toEqual({ value: 1 });
    await recovers();
  });

  test('one that misses the replicas it wants refuses writes in time', async () => {
    await redis.cli('config', 'set', 'min-replicas-to-write', '1');
    await refuses(write);
    await redis.cli('config', 'set', 'min-replicas-to-write', '0');
    expect((await visitor.get('/get?k=n')).json).toEqual({ value: 1 });
    await recovers();
  });
});

describe.skipIf(redisMissing !== undefined).each(DRIVERS)(
  called('Redis at the start, by %s', redisMissing),
  (driver) => {
    test('one that is not there ends the reference application with a message', async () => {
      const uri = `redis://127.0.0.1:${await freePort()}`;
      const { status, stderr } = await refusal({ SESSION_URI: uri, REDIS_DRIVER: driver });
      expect([status, stderr]).toEqual([1, expect.stringContaining('Redis store')]);
      expect(stderr).not.toContain('    at ');
    });

    test.each([
      ['a wrong password', ':geheim-falsch@'],
      ['no password', ''],
      ['a user that does not exist', 'nobody:geheim-falsch@'],
    ])('%s ends it with a message that does not repeat it', async (_name, login) => {
      const redis = await startRedis({ password: 'geheim' });
      onTestFinished(() => redis.stop());
      const uri = `redis://${login}127.0.0.1:${redis.port}`;
      const { status, stderr } = await refusal({ SESSION_URI: uri, REDIS_DRIVER: driver });
      expect([status, stderr]).toEqual([1, expect.stringMatching(/password/)]);
      expect(stderr).not.toMatch(/geheim| {4}at /);
    });
  },
);

test.skipIf(redisMissing !== undefined)(
  'a Redis that comes after the application is found by the next request',
  async () => {
    const port = await freePort();
    const sessions = createSessions({ store: () => storeFromUrl(`redis://127.0.0.1:${port}`) });
    onTestFinished(() => sessions.close());
    const browser = new Browser(sessions);
    const visit = () => browser.visit((session) => session.set('a', 1));
    for (let times = 0; times < 3; times++) {
      expect(await visit()).toMatchObject({ setCookie: [], error: { status: 503, outcome: 'none' } });
    }
    const redis = await startRedis({ port });
    onTestFinished(() => redis.stop());
    expect((await visit()).error).toBeUndefined();
    expect(await browser.read((session) => session.get('a'))).toBe(1);
  },
);
