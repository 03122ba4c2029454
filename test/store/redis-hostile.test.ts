import { Redis as IoRedis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { openRedis } from '../../src/store/redis.ts';
import { called, redisProgram, startRedis } from '../support/redis.ts';

const { missing } = await redisProgram('redis');
const KEY = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const LATER = 4_000_000_000_123;
const drivers = ['redis', 'ioredis'] as const;

describe.skipIf(missing !== undefined)(called('what others wrote', missing), async () => {
  const redis = missing === undefined ? await startRedis() : undefined;
  afterAll(() => redis?.stop());
  beforeEach(() => redis?.cli('flushall'));

  describe.each(drivers)('by %s', async (driver) => {
    const store = redis && (await openRedis({ url: redis.url, driver }));
    afterAll(() => store?.close?.());

    /** As a record looks, but for an owner whose name nobody can decode. */
    const owned = `1t${'v'.repeat(16)}000${LATER}019000${LATER}%zz\nx`;

    test.each([
      ['an owner that cannot be decoded', ['set', owned]],
      ['nothing of ours', ['set', 'hello']],
      ['a header cut short', ['set', `1t${'v'.repeat(16)}000`]],
      ['an end that is no number', ['set', `1t${'v'.repeat(16)}${'x'.repeat(16)}000\nx`]],
      ['a length that is no number', ['set', `1t${'v'.repeat(16)}000${LATER}x-1\nx`]],
      ['an owner shorter than its time', ['set', `1t${'v'.repeat(16)}000${LATER}003${'1'.repeat(3)}\nx`]],
    ] as const)('%s harms nobody beside it and is an error, not a missing record', async (_what, [command, value]) => {
      await store?.put(OTHER, 'good', LATER);
      await redis?.cli(command, `coatcheck:${KEY}`, value);
      const foreign = { code: 'STORE_FAILED', retryable: false, outcome: 'none' };
      await expect(store?.read(KEY)).rejects.toMatchObject(foreign);
      expect(await store?.readMany?.([KEY, OTHER])).toMatchObject([foreign, { document: 'good' }]);
      expect((await store?.scan?.(undefined, 100))?.entries.map(({ key }) => key)).toContain(OTHER);
      await expect(store?.update(KEY, 'other', 'y', LATER)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    });
  });
});

describe.skipIf(missing !== undefined)(called('a cluster of one, by a plain client', missing), async () => {
  const redis = missing === undefined ? await startRedis({ args: ['--cluster-enabled', 'yes'] }) : undefined;
  afterAll(() => redis?.stop());
  await redis?.cli('cluster', 'addslotsrange', '0', '16383');
  await vi.waitFor(
    async () => expect((await redis?.cli('cluster', 'info')) ?? 'cluster_state:ok').toMatch(/cluster_state:ok/),
    10_000,
  );

  test.each(drivers)('%s reads many keys of different slots', async (driver) => {
    const store = (await openRedis({ url: `${redis?.url}`, driver })) as Store;
    try {
      await store.put(KEY, 'one', LATER);
      await store.put(OTHER, 'two', LATER);
      const records = await store.readMany?.([KEY, OTHER, 'c'.repeat(64)]);
      expect(records?.map((record) => (record as { document?: unknown } | undefined)?.document)).toEqual([
        'one',
        'two',
        undefined,
      ]);
    } finally {
      await store.close?.();
    }
  });
});

describe.skipIf(missing !== undefined)(called('clients put to another use', missing), async () => {
  const redis = missing === undefined ? await startRedis() : undefined;
  const port = redis?.port ?? 0;
  afterAll(() => redis?.stop());

  test('are told apart from a connection that broke: a subscriber', async () => {
    // With the older protocol a subscriber can do nothing else.
    const io = new IoRedis(port, '127.0.0.1', { protocol: 2 } as object);
    const node = await createClient({ url: `redis://127.0.0.1:${port}`, RESP: 2 }).connect();
    const stores = [await openRedis({ client: io }), await openRedis({ client: node })];
    await io.subscribe('news');
    await node.subscribe('news', () => undefined);
    for (const store of stores) {
      const failed = { code: 'STORE_FAILED', retryable: false, outcome: 'none' };
      await expect(store.read(KEY)).rejects.toMatchObject(failed);
      await expect(store.put(KEY, 'x', LATER)).rejects.toMatchObject(failed);
    }
    io.disconnect();
    node.destroy();
  });

  test('never count as stored what waits in a transaction of somebody else', async () => {
    const client = new IoRedis(port, '127.0.0.1');
    const store = await openRedis({ client });
    await client.call('MULTI');
    const owner = { name: 'o', until: LATER };
    const calls: [string, () => Promise<unknown> | undefined][] = [
      ['read', () => store.read(KEY)],
      ['readMany', () => store.readMany?.([KEY, OTHER])],
      ['create', () => store.create(KEY, 'x', LATER)],
      ['create with an owner', () => store.create(KEY, 'x', LATER, owner)],
      ['update', () => store.update(KEY, 'v'.repeat(16), 'x', LATER)],
      ['put', () => store.put(KEY, 'x', LATER)],
      ['destroy', () => store.destroy(KEY)],
    ];
    for (const [verb, call] of calls) await expect(call(), verb).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await client.call('DISCARD');
    expect(await store.read(KEY)).toBeUndefined();
    client.disconnect();
  });

  test.each([{ lazyConnect: true }, { stringNumbers: true }, { enableAutoPipelining: true }])(
    'ioredis with %j',
    async (options) => {
      const client = new IoRedis(port, '127.0.0.1', options);
      const store = await openRedis({ client });
      const owner = { name: 'o', until: LATER };
      await store.destroy(KEY, 'o');
      expect((await store.create(KEY, 'x', LATER, owner)).result).toBe('ok');
      const { version = '' } = (await store.read(KEY)) ?? {};
      expect((await store.update(KEY, version, 'y', LATER)).result).toBe('ok');
      expect(await store.listOwned?.('o')).toEqual([KEY]);
      expect(await store.destroy(KEY, 'o')).toBe(true);
      expect(await store.destroy(KEY, 'o')).toBe(false);
      client.disconnect();
    },
  );
});
