import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  called,
  type Redis,
  type Relay,
  scriptAnswers,
  startMonitor,
  startRedis,
  startRelay,
} from '../support/redis.ts';
import { type App, fleet } from './app.ts';
import { FIFTY, newVisitor, overlap, testRaces } from './races.ts';
import { redisMissing } from './stores.ts';
import { type Told, Visitor } from './visitor.ts';

const { start, pair } = fleet();

describe.skipIf(redisMissing !== undefined)(called('on real Redis', redisMissing), () => {
  for (const [one, other, store] of [
    ['express', 'node', 'redis'],
    ['fetch', 'express', 'redis by ioredis'],
  ] as const) {
    testRaces(`two processes (${one} and ${other}) on ${store}`, () => pair(one, other, store));
  }
});

describe.skipIf(redisMissing !== undefined).each([
  ['redis', 'ioredis'],
  ['ioredis', 'redis'],
])(called('what goes over the wire, by %s and %s', redisMissing), (one, other) => {
  let redis: Redis;
  let relay: Relay;
  let apps: readonly [App, App];
  beforeAll(async () => {
    redis = await startRedis();
    relay = await startRelay(redis.port);
    const env = { ADAPTER: 'node', SESSION_URI: relay.url };
    apps = await Promise.all([start({ ...env, REDIS_DRIVER: one }), start({ ...env, REDIS_DRIVER: other })]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.stop()));
    await relay.stop();
    await redis.stop();
  });

  test('MONITOR shows 50 overlapping increments written by scripts, and again where another process was first', async () => {
    const visitor = await newVisitor(apps);
    // Both know the script by now, and so does the server.
    for (const app of apps) await visitor.at(app.port).post('/incr', { k: 'n' });
    const monitor = await startMonitor(redis);
    const { answers, times } = await overlap(apps, visitor, (same) => same.post('/incr', { k: 'n' }));
    await monitor.settle();
    expect(answers.map(({ status }) => status)).toEqual(FIFTY.map(() => 200));
    expect((await visitor.get('/get?k=n')).json).toEqual({ value: 52 });
    const conflicts = times('conflict').length;
    expect(conflicts).toBeGreaterThan(0);
    // Commits that meet in one process queue up: not each conflict costs a call.
    expect(monitor.count('evalsha', 'eval')).toBeGreaterThan(50);
    expect(monitor.count('evalsha', 'eval')).toBeLessThanOrEqual(50 + conflicts);
    monitor.stop();
  });

  test('one request is one round trip to read and two to write, and none without a cookie or on a static path', async () => {
    const visitor = await newVisitor(apps);
    await visitor.post('/incr', { k: 'n' });
    const tripsOf = async (ask: () => Promise<Told>): Promise<number> => {
      relay.reset();
      expect((await ask()).status).toBe(200);
      return relay.seen.roundTrips;
    };
    expect(await tripsOf(() => visitor.get('/get?k=n'))).toBe(1);
    expect(await tripsOf(() => visitor.post('/incr', { k: 'n' }))).toBe(2);
    expect(await tripsOf(() => visitor.get('/public'))).toBe(1);
    expect(await tripsOf(() => visitor.get('/static/app.css'))).toBe(0);
    const stranger = new Visitor(apps[0].port);
    expect(await tripsOf(() => stranger.get('/keys'))).toBe(0);
    expect(await tripsOf(() => stranger.post('/set', { k: 'a', v: 1 }))).toBe(1);
  });

  test('while one of five answers of scripts is lost, each of 50 increments counts once or is in doubt, none twice', async () => {
    const visitor = await newVisitor(apps);
    relay.reset();
    let scripts = 0;
    relay.swallow((command, answer) => scriptAnswers(command, answer) && scripts++ % 5 === 0);
    const { answers } = await overlap(apps, visitor, (same) => same.post('/incr', { k: 'n' }));
    relay.heal();
    expect(relay.seen.lost).toBeGreaterThan(1);
    await countsOnce(visitor.get('/get?k=n'), answers, relay.seen.lost);
    // Most of them found out what became of theirs.
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(25);
  });

  test('while every answer of a script is lost, no increment counts twice, and each that counts unheard is in doubt', async () => {
    const visitor = await newVisitor(apps);
    relay.reset();
    relay.swallow(scriptAnswers);
    const { answers } = await overlap(apps, visitor, (same) => same.post('/incr', { k: 'n' }));
    relay.heal();
    expect(relay.seen.lost).toBeGreaterThan(1);
    await serves(visitor.get.bind(visitor, '/get?k=n'));
    await countsOnce(visitor.get('/get?k=n'), answers, relay.seen.lost);
  });
});

/**
 * Each 200 counted and had a number of its own; of the others only those in doubt may have. Who finds that the attempt
 * whose answer was lost had been stored tells what stands there by then, which may be the number of a later one.
 */
async function countsOnce(asked: Promise<Told>, answers: readonly Told[], lost: number): Promise<void> {
  const done = answers.filter(({ status }) => status === 200);
  const doubted = answers.filter(({ status, json }) => status === 503 && json.error.outcome === 'unknown');
  const refused = answers.filter(({ status, json }) => status === 503 && json.error.outcome === 'none');
  expect(done.length + doubted.length + refused.length).toBe(answers.length);
  expect(new Set(done.map(({ json }) => json.value)).size).toBeGreaterThanOrEqual(done.length - lost);
  for (const { setCookie } of [...doubted, ...refused]) expect(setCookie).toEqual([]);
  const { value } = (await asked).json;
  expect(value ?? 0).toBeGreaterThanOrEqual(done.length);
  expect(value ?? 0).toBeLessThanOrEqual(done.length + doubted.length);
}

async function serves(ask: () => Promise<Told>): Promise<void> {
  await expect.poll(async () => (await ask()).status, { timeout: 5000 }).toBe(200);
}
