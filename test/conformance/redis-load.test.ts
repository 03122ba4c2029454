import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { called, type Redis, startRedis } from '../support/redis.ts';
import { fleet } from './app.ts';
import { answersAreTrue, type Burdened, below, burden, DEADLINE, DRIVERS } from './burden.ts';
import { longest } from './load.ts';
import { redisMissing } from './stores.ts';

const fleetHere = fleet();

interface Outage {
  readonly burdened: readonly Burdened[];
  /** When the server went away, and when it was back. */
  readonly gone: number;
  readonly back: number;
}

/** Ten writers by each driver, while the server goes away for so many milliseconds. */
async function outage(
  ms: number,
  [leave, comeBack]: readonly [leave: (redis: Redis) => unknown, comeBack: (redis: Redis) => unknown],
): Promise<Outage> {
  // What was answered is on the disk.
  const redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  onTestFinished(() => redis.stop());
  const burdened = await Promise.all(DRIVERS.map((driver) => burden(fleetHere, driver, redis.url, 10)));
  await sleep(500);
  await leave(redis);
  const gone = performance.now();
  await sleep(ms);
  await comeBack(redis);
  const back = performance.now();
  await sleep(2000);
  await Promise.all(burdened.map(({ load }) => load.end()));
  return { burdened, gone, back };
}

/** Whatever happened to the server: what was said is true, was said in time, and is said again soon. */
async function survives({ burdened, back }: Outage): Promise<void> {
  for (const { driver, app, load } of burdened) {
    answersAreTrue({ driver, app, load });
    expect([driver, load.firstStored(back) - back]).toEqual([driver, below(1500 + load.noise)]);
    expect([driver, await load.lost(app)]).toEqual([driver, []]);
  }
}

describe.skipIf(redisMissing !== undefined)(called('Redis goes away under load', redisMissing), () => {
  test('stopped: every answer is true or a 503 in time, and soon nobody waits any more', {
    timeout: 60_000,
  }, async () => {
    const stopped = await outage(4000, [(redis) => redis.pause(), (redis) => redis.resume()]);
    await survives(stopped);
    const { burdened, gone, back } = stopped;
    for (const { driver, load } of burdened) {
      // One deadline has passed by then.
      const late = load.samples.filter(({ begun, ended }) => begun > gone + DEADLINE + 200 && ended < back);
      expect([driver, late.filter(({ kind }) => kind === 'write').length > 20]).toEqual([driver, true]);
      expect([driver, longest(late)]).toEqual([driver, below(50 + load.noise)]);
    }
  });

  test('killed and started again: every answer is true or a 503 in time', { timeout: 60_000 }, async () => {
    await survives(await outage(4000, [(redis) => redis.kill(), (redis) => redis.restart()]));
  });

  test('started again at once: every answer is true, and nearly nobody notices', { timeout: 60_000 }, async () => {
    const restarted = await outage(0, [(redis) => redis.kill(), (redis) => redis.restart()]);
    await survives(restarted);
    for (const { driver, load } of restarted.burdened) {
      const refused = load.writes.filter(({ status }) => status !== 200).length;
      expect([driver, refused]).toEqual([driver, below(load.writes.length / 10)]);
    }
  });
});
