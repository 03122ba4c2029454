import { Cluster as IoCluster } from 'ioredis';
import { createCluster } from 'redis';
import { afterAll, describe, expect, test } from 'vitest';
import { createSessions } from '../../src/create-sessions.ts';
import type { CoatcheckError } from '../../src/errors.ts';
import type { SessionRequest } from '../../src/interface/contract.ts';
import type { Session } from '../../src/session/types.ts';
import type { Scanned } from '../../src/store/contract.ts';
import { openRedis } from '../../src/store/redis.ts';
import { slotOf } from '../../src/store/redis-slot.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { called, type Redis, redisProgram, startCluster } from '../support/redis.ts';

const requestWith = (cookie: string | undefined): SessionRequest => ({
  method: 'GET',
  path: '/',
  cookie,
  header: () => undefined,
  address: '127.0.0.1',
  secure: true,
});

const { missing } = await redisProgram('redis');
const runner = { test, skip: test.skip };
const KEY = 'a'.repeat(64);
const LATER = 4_000_000_000_123;
const MOVED = 60;

if (missing !== undefined) {
  describe.skip(called('the store suite on a cluster', missing), () => test('runs', () => undefined));
} else {
  const cluster = await startCluster();
  afterAll(() => cluster.stop());
  const hosts = cluster.nodes.map(({ port }) => `127.0.0.1:${port}`);
  const url = `redis+cluster://${hosts}`;

  const client = await createCluster({ rootNodes: cluster.urls.map((root) => ({ url: root })) }).connect();
  afterAll(() => client.destroy());
  await testStore('a cluster of redis', () => openRedis({ client }), runner);

  const io = new IoCluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
  afterAll(() => io.disconnect());
  await testStore('a cluster of ioredis', () => openRedis({ client: io }), runner);

  for (const driver of ['redis', 'ioredis'] as const) {
    await testStore(`a cluster, ${driver} by url`, () => openRedis({ url, driver }), runner);

    describe(`a cluster, ${driver} by url`, () => {
      test('reads many records with one command for each, at the nodes that have them', async () => {
        const store = await openRedis({ url, driver, prefix: `many-${driver}:` });
        const keys = Array.from({ length: 60 }, (_, i) => `${i}`.padStart(64, '0'));
        await Promise.all(keys.map((key, i) => store.create(key, `${i}`, LATER)));
        for (const node of cluster.nodes) await node.cli('config', 'resetstat');
        const found = await store.readMany?.(keys);
        expect(found?.map((record) => record && 'document' in record && record.document)).toEqual(
          keys.map((_, i) => `${i}`),
        );
        const calls = await Promise.all(
          cluster.nodes.map(async (node) => getCalls(await node.cli('info', 'commandstats'))),
        );
        expect(calls.every((count) => count > 0)).toBe(true);
        expect(calls.reduce((sum, count) => sum + count)).toBe(keys.length);
        await store.close?.();
      });

      test('a node that is silent keeps nobody waiting whose records the others have', async () => {
        const prefix = `silent-${driver}:`;
        const store = await openRedis({ url, driver, prefix });
        const sessions = createSessions({ store, deadline: '800ms', sweep: false });
        const cookies: string[] = [];
        for (let n = 0; n < 12; n++) {
          const born = await sessions.open(requestWith(undefined));
          born?.set('n', n);
          cookies.push((await sessions.commit(born as Session, { status: 200 })).setCookie[0]?.split(';')[0] ?? '');
        }
        const silent = cluster.nodes[0] as Redis;
        const its = (await silent.cli('keys', `${prefix}*`)).split('\n').filter((key) => key !== '').length;
        expect(its).toBeGreaterThan(0);
        expect(its).toBeLessThan(12);
        silent.pause();
        try {
          const begun = performance.now();
          const times = await Promise.all(
            cookies.map(async (cookie, n) => {
              const session = await sessions.open(requestWith(cookie));
              const ms = performance.now() - begun;
              if (ms < 700) expect(session?.get('n')).toBe(n);
              else expect(() => session?.get('n')).toThrow(/did not answer/);
              return ms;
            }),
          );
          expect(times.filter((ms) => ms >= 700)).toHaveLength(its);
        } finally {
          silent.resume();
        }
        await store.close?.();
      });

      test('durable: too few replicas leave the write in doubt, though it is there', async () => {
        const prefix = `durable-${driver}:`;
        const durable = { replicas: 1, timeout: '20ms' };
        const given = driver === 'redis' ? client : io;
        for (const store of [
          await openRedis({ url, driver, durable, prefix }),
          await openRedis({ client: given, durable, prefix }),
        ]) {
          const doubt = { code: 'STORE_FAILED', outcome: 'unknown', message: expect.stringMatching(/fewer replicas/) };
          await expect(store.put(KEY, 'x', LATER)).rejects.toMatchObject(doubt);
          const record = await store.read(KEY);
          await expect(store.update(KEY, record?.version ?? '', 'y', LATER)).rejects.toMatchObject(doubt);
          expect(await store.read(KEY)).toMatchObject({ document: 'y' });
          await store.close?.();
        }
      });

      test('follows a slot that moves to another node', { timeout: 30_000 }, async () => {
        const prefix = `moving-${driver}:`;
        const [from, to] = cluster.nodes;
        const store = await openRedis({ url, driver, prefix });
        const strict = await openRedis({ url, driver, prefix, durable: { replicas: 1, timeout: '20ms' } });
        const moves = await movingSlots(from);
        const keys = Array.from({ length: 40_000 }, (_, i) => `${i}`.padStart(64, '0'))
          .filter((key) => moves(slotOf(prefix + key)))
          .slice(0, 3);
        expect(keys).toHaveLength(3);
        const [one = '', two = '', three = ''] = keys;
        for (const key of keys) await store.create(key, 'before', LATER);
        await expect(strict.put(three, 'before', LATER)).rejects.toMatchObject({ outcome: 'unknown' });
        const ids = await Promise.all([from, to].map(async (node) => `${await node?.cli('cluster', 'myid')}`));
        await from?.cli(
          ...['--cluster', 'reshard', `127.0.0.1:${from.port}`, '--cluster-from', `${ids[0]}`],
          ...['--cluster-to', `${ids[1]}`, '--cluster-slots', `${MOVED}`, '--cluster-yes'],
        );
        const { version = '' } = (await store.read(one)) ?? {};
        expect((await store.update(one, version, 'after', LATER)).result).toBe('ok');
        expect(
          (await store.readMany?.(keys))?.map((record) => record && 'document' in record && record.document),
        ).toEqual(['after', 'before', 'before']);
        // What finds the old place was not done, and is to be made again.
        const put = (): Promise<string> =>
          strict.put(two, 'after', LATER).then(String, (error: CoatcheckError) => error.message);
        await expect.poll(put).toMatch(/fewer replicas/);
        expect((await store.read(two))?.document).toBe('after');
        await store.close?.();
        await strict.close?.();
      });

      test('scans every node, and gives a broken record no chance to hide the others', async () => {
        const prefix = `scan-${driver}:`;
        const store = await openRedis({ url, driver, prefix });
        const keys = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(64, 'f'));
        await Promise.all(keys.map((key) => store.create(key, 'x', LATER, { name: 'b'.repeat(64), until: LATER })));
        const found = new Set<string>();
        let cursor: string | undefined;
        do {
          const page: Scanned | undefined = await store.scan?.(cursor, 5);
          for (const { key } of page?.entries ?? []) found.add(key);
          cursor = page?.cursor;
        } while (cursor !== undefined);
        expect([...found].sort()).toEqual(keys.sort());
        expect((await store.listOwned?.('b'.repeat(64)))?.length).toBe(40);
        const broken = `${prefix}${keys[7]}`;
        await cluster.nodes[0]?.cli('-c', 'set', broken, 'not ours');
        const read = (await store.readMany?.(keys)) ?? [];
        expect(read.filter((one) => one instanceof Error)).toHaveLength(1);
        expect(read[7]).toMatchObject({ code: 'STORE_FAILED', retryable: false });
        await store.close?.();
      });
    });
  }
}

/** Resharding takes the lowest slots of a node; tells whether one of them is meant. */
async function movingSlots(node: Redis | undefined): Promise<(slot: number) => boolean> {
  const own = (await node?.cli('cluster', 'nodes'))?.split('\n').find((line) => line.includes('myself')) ?? '';
  const slots = own
    .split(' ')
    .slice(8)
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    })
    .slice(0, MOVED);
  return (slot) => slots.includes(slot);
}

function getCalls(stats: string): number {
  return Number(/cmdstat_get:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}
