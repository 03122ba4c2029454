import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { called, type Sentinel, type SentinelOptions, startSentinel } from '../support/redis.ts';
import { type Env, fleet } from './app.ts';
import { answersAreTrue, type Burdened, burden, DRIVERS } from './burden.ts';
import { redisMissing } from './stores.ts';
import { Visitor } from './visitor.ts';

const fleetHere = fleet();

interface Failover {
  readonly burdened: readonly (Burdened & {
    /** When writes were answered by 200 that the new primary has not. */
    readonly lost: readonly number[];
  })[];
  readonly began: number;
  /** When all sentinels named the new primary. */
  readonly over: number;
}

/** Fifty writers, half of them by each driver, while another server becomes the primary. */
async function failover(
  options: SentinelOptions,
  settings: Env,
  fail: (sentinel: Sentinel) => Promise<void>,
): Promise<Failover> {
  const sentinel = await startSentinel({ sentinels: 3, ...options });
  onTestFinished(() => sentinel.stop());
  const hosts = sentinel.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
  const uri = `redis+sentinel://${hosts}/${sentinel.name}`;
  const burdened = await Promise.all(DRIVERS.map((driver) => burden(fleetHere, driver, uri, 25, settings)));
  await sleep(500);
  const began = performance.now();
  await fail(sentinel);
  const over = performance.now();
  await sleep(2000);
  await Promise.all(burdened.map(({ load }) => load.end()));
  // Asks the new primary itself, whatever the others believe.
  const { url } = await sentinel.primary();
  const witness = await fleetHere.start({ ADAPTER: 'node', SESSION_URI: url });
  onTestFinished(async () => void (await witness.stop()));
  const told = burdened.map(async (one) => ({ ...one, lost: await one.load.lost(witness) }));
  return { burdened: await Promise.all(told), began, over };
}

/** What was forgotten is counted and named, for it cannot be told by the answers. */
function name({ burdened, began }: Failover, what: string): void {
  for (const { driver, load, lost } of burdened) {
    const stored = load.writes.filter(({ status }) => status === 200).length;
    const when = lost.map((answered) => Math.round(answered - began));
    const span = lost.length === 0 ? '' : `, answered ${when[0]} to ${when.at(-1)} ms after it began`;
    console.info(`${what}, ${driver}: of ${stored} stored writes ${lost.length} were forgotten${span}`);
  }
}

/** Whoever comes now is stored, within so many milliseconds. */
async function recovers({ driver, app }: Burdened, within = 5000): Promise<void> {
  const write = async () => [driver, (await new Visitor(app.port).post('/set', { k: 'a', v: 1 })).json];
  await expect.poll(write, { timeout: within, interval: 100 }).toEqual([driver, { ok: true }]);
}

describe.skipIf(redisMissing !== undefined)(called('a failover under load', redisMissing), () => {
  test('a dead primary: the next one goes on, and only what it had not heard of is forgotten', {
    timeout: 90_000,
  }, async () => {
    const dead = await failover({}, {}, (sentinel) => sentinel.killPrimary());
    name(dead, 'a dead primary');
    for (const one of dead.burdened) {
      answersAreTrue(one);
      const { driver, load, lost } = one;
      await recovers(one);
      // A replica is some milliseconds behind; from then on there is the new one only.
      const over = dead.over + 100 + load.noise;
      expect([driver, lost.filter((at) => at < dead.began - 1000 || at > over)]).toEqual([driver, []]);
    }
  });

  test('a dead primary forgets nothing of what waited for a replica', { timeout: 90_000 }, async () => {
    const dead = await failover({ replicas: 2 }, { REDIS_REPLICAS: '1' }, (sentinel) => sentinel.killPrimary());
    for (const one of dead.burdened) {
      answersAreTrue(one);
      await recovers(one);
      expect([one.driver, one.lost]).toEqual([one.driver, []]);
    }
  });

  // The old primary stays one for some ten seconds, and a replica stays with it for a moment: all must have heard.
  test('an ordered change forgets nothing of what waited for every replica', { timeout: 90_000 }, async () => {
    const ordered = await failover({}, { REDIS_REPLICAS: '1' }, (sentinel) => sentinel.failover());
    for (const one of ordered.burdened) {
      answersAreTrue(one);
      expect([one.driver, one.lost]).toEqual([one.driver, []]);
    }
  });

  test('an ordered change where servers want a replica: nothing is forgotten that was stored once it was over', {
    timeout: 90_000,
  }, async () => {
    const args = ['--min-replicas-to-write', '1'];
    const ordered = await failover({ replicas: 2, args }, {}, (sentinel) => sentinel.failover());
    name(ordered, 'an ordered change with min-replicas-to-write');
    for (const one of ordered.burdened) {
      answersAreTrue(one);
      const { driver, load, lost } = one;
      // What was answered before may have been heard of a little later.
      const over = ordered.over + 100 + load.noise;
      expect([driver, lost.filter((at) => at < ordered.began || at > over)]).toEqual([driver, []]);
      // A driver that missed the change stays with the old primary until that becomes a replica, some ten seconds later.
      await recovers(one, 15_000);
    }
  });
});
