import { Cluster as IoCluster, Redis as IoRedis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { openRedis, type RedisStoreOptions } from '../../src/store/redis.ts';
import { called, makeCa, opensslMissing, redisProgram, startCluster, startRedis } from '../support/redis.ts';

const { missing } = await redisProgram('redis');
const KEY = 'a'.repeat(64);
const LATER = 4_000_000_000_123;
const drivers = ['redis', 'ioredis'] as const;

describe('options', () => {
  test.each([
    {},
    { client: undefined },
    { client: {} },
    { client: { get: () => undefined } },
    { client: 5 },
    { url: 5 },
    { client: {}, url: 'redis:' },
    { url: 'redis:', driver: 'node-redis' },
    { client: {}, driver: 'redis' },
    { client: {}, tls: {} },
    { url: 'redis:', tls: {} },
    { url: 'redis:', prefix: '' },
    { url: 'redis:', prefix: 'a b' },
    { url: 'redis:', prefix: 'é:' },
    { url: 'redis:', prefix: 'x'.repeat(101) },
    { url: 'redis:', prefix: 5 },
    { url: 'redis:', durable: null },
    { url: 'redis:', durable: { replicas: 0, timeout: '1s' } },
    { url: 'redis:', durable: { replicas: 1.5, timeout: '1s' } },
    { url: 'redis:', durable: { replicas: 1, timeout: 1000 } },
  ])('%j is refused', async (options) => {
    await expect(openRedis(options as unknown as RedisStoreOptions)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});

describe.skipIf(missing !== undefined)(called('clients', missing), async () => {
  const redis = missing === undefined ? await startRedis({ password: 'hunter2' }) : undefined;
  const port = redis?.port ?? 0;
  const url = `${redis?.url}`;
  afterAll(() => redis?.stop());

  test('of redis that are not connected are refused, with what to write', async () => {
    await expect(openRedis({ client: createClient({ url }) })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(/await client\.connect\(\)/),
    });
  });

  test('may come as promises, and a promise that fails is an error of the store', async () => {
    const client = createClient({ url }).connect();
    const store = await openRedis({ client });
    await store.put(KEY, 'x', LATER);
    expect((await store.read(KEY))?.document).toBe('x');
    (await client).destroy();
    await expect(openRedis({ client: Promise.reject(new Error('no')) })).rejects.toMatchObject({
      code: 'STORE_FAILED',
    });
    const io = new IoRedis(url, { lazyConnect: true });
    expect((await (await openRedis({ client: io })).read(KEY))?.document).toBe('x');
    io.disconnect();
  });

  test('of the user stay open and as they are when the store is closed', async () => {
    const client = await createClient({ url }).connect();
    const io = new IoRedis(url);
    for (const given of [client, io]) {
      const listeners = (given as typeof io).listenerCount('error');
      const store = await openRedis({ client: given });
      await store.close?.();
      await store.close?.();
      const closed = {
        code: 'STORE_FAILED',
        retryable: false,
        outcome: 'none',
        message: expect.stringMatching(/was closed/),
      };
      await expect(store.read(KEY)).rejects.toMatchObject(closed);
      await expect(store.readMany?.([KEY])).rejects.toMatchObject(closed);
      await expect(store.create(KEY, 'x', LATER)).rejects.toMatchObject(closed);
      await expect(store.update(KEY, 'v', 'x', LATER)).rejects.toMatchObject(closed);
      await expect(store.touch(KEY, 'v', LATER)).rejects.toMatchObject(closed);
      await expect(store.destroy(KEY)).rejects.toMatchObject(closed);
      await expect(store.put(KEY, 'x', LATER)).rejects.toMatchObject(closed);
      await expect(store.listOwned?.('n')).rejects.toMatchObject(closed);
      await expect(store.forget?.('n', KEY)).rejects.toMatchObject(closed);
      await expect(store.scan?.(undefined, 1)).rejects.toMatchObject(closed);
      expect((given as typeof io).listenerCount('error')).toBe(listeners);
      expect(await (given as typeof io).ping()).toBe('PONG');
    }
    client.destroy();
    io.disconnect();
  });

  test.each(drivers)('of ours are closed with the store: %s', async (driver) => {
    const count = async (): Promise<number> =>
      ((await redis?.cli('client', 'list', 'type', 'normal')) ?? '')
        .split('\n')
        .filter((line) => /lib-name|name=/.test(line)).length;
    const before = await count();
    const store = await openRedis({ url, driver });
    expect(await count()).toBe(before + 1);
    await store.close?.();
    await expect.poll(count).toBe(before);
  });

  test('that may answer from what is behind are refused, with what to write', async () => {
    const cached = await createClient({ url, RESP: 3, clientSideCache: { ttl: 1000, maxEntries: 10 } }).connect();
    await expect(openRedis({ client: cached })).rejects.toThrow(/clientSideCache/);
    cached.destroy();
    const prefixed = new IoRedis(url, { keyPrefix: 'app:' });
    await expect(openRedis({ client: prefixed })).rejects.toThrow(/keyPrefix.*prefix/);
    prefixed.disconnect();
  });

  test.each(drivers)('refused by Redis say so without the password: %s', async (driver) => {
    for (const login of [':wrong-hunter3@', 'nobody:wrong-hunter3@', '']) {
      const error = await openRedis({ url: `redis://${login}127.0.0.1:${port}`, driver }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({
        code: 'STORE_FAILED',
        retryable: false,
        message: expect.stringMatching(/password/),
      });
      expect(`${error} ${(error as Error).cause}`).not.toContain('hunter3');
    }
  });

  test.each(drivers)('find no server and fail at once: %s', async (driver) => {
    const begun = performance.now();
    await expect(openRedis({ url: 'redis://127.0.0.1:1', driver })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retryable: true,
      cause: expect.objectContaining({ code: 'ECONNREFUSED' }),
    });
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  describe('a Redis that goes away and comes back', () => {
    const kinds = ['redis', 'ioredis', 'a client of redis as by default', 'a client of ioredis as by default'] as const;
    const open = async (kind: (typeof kinds)[number], at: string): Promise<[Store, () => void]> => {
      if (kind === 'redis' || kind === 'ioredis') {
        const store = await openRedis({ url: at, driver: kind });
        return [store, () => void store.close?.()];
      }
      const ignore = (): void => undefined;
      if (kind.includes('ioredis')) {
        const client = new IoRedis(at).on('error', ignore);
        return [await openRedis({ client }), () => client.disconnect()];
      }
      const client = await createClient({ url: at }).on('error', ignore).connect();
      return [await openRedis({ client }), () => client.destroy()];
    };
    test.each(kinds)(
      'is an error at once meanwhile, nothing is kept for later, and then it goes on: %s',
      async (kind) => {
        const server = await startRedis();
        const [store, close] = await open(kind, server.url);
        await store.put(KEY, 'before', LATER);
        await server.kill();
        await expect.poll(() => store.read(KEY).catch((error: Error) => error.message)).toMatch(/no connection/);
        const begun = performance.now();
        await expect(store.put(KEY, 'meanwhile', LATER)).rejects.toMatchObject({
          code: 'STORE_FAILED',
          outcome: 'none',
          retryable: true,
        });
        expect(performance.now() - begun).toBeLessThan(100);
        await server.restart();
        const back = performance.now();
        await expect
          .poll(() => store.read(KEY).catch(() => 'not yet'), { timeout: 8000, interval: 20 })
          .toBe(undefined);
        if (!kind.startsWith('a client')) expect(performance.now() - back).toBeLessThan(1500);
        close();
        await server.stop();
      },
    );
  });

  test.skipIf(opensslMissing !== undefined).each(drivers)(
    'trust no certificate that nobody vouched for, nor one of another host: %s',
    async (driver) => {
      const tls = await makeCa();
      const server = await startRedis({ tls });
      await expect(openRedis({ url: server.url, driver })).rejects.toMatchObject({ code: 'STORE_FAILED' });
      const elsewhere = { ca: tls.ca, servername: 'elsewhere.example' };
      await expect(openRedis({ url: server.url, driver, tls: elsewhere })).rejects.toMatchObject({
        code: 'STORE_FAILED',
      });
      const store = await openRedis({ url: server.url, driver, tls: { ca: tls.ca } });
      await store.put(KEY, 'x', LATER);
      await store.close?.();
      await server.stop();
      tls.remove();
    },
  );

  test('of a cluster that read from replicas are refused', async () => {
    const cluster = await startCluster();
    const nodes = cluster.nodes.map((node) => ({ host: '127.0.0.1', port: node.port }));
    for (const scaleReads of ['slave', 'all'] as const) {
      const io = new IoCluster(nodes, { scaleReads });
      await expect(openRedis({ client: io })).rejects.toThrow(/scaleReads: 'master'/);
      io.disconnect();
    }
    const client = await createCluster({
      rootNodes: cluster.urls.map((root) => ({ url: root })),
      useReplicas: true,
    }).connect();
    await expect(openRedis({ client })).rejects.toThrow(/useReplicas/);
    client.destroy();
    await cluster.stop();
  });
});

describe('drivers', () => {
  afterEach(() => {
    for (const name of ['redis', '@redis/client', 'ioredis']) vi.doUnmock(name);
    vi.resetModules();
  });
  const without = async (...names: string[]): Promise<typeof openRedis> => {
    for (const name of names) {
      vi.doMock(name, () => {
        throw new Error('not installed');
      });
    }
    vi.resetModules();
    return (await import('../../src/store/redis.ts')).openRedis;
  };

  test('that are all missing are an error that says what to install', async () => {
    const open = await without('redis', '@redis/client', 'ioredis');
    await expect(open({ url: 'redis:' })).rejects.toMatchObject({
      code: 'DRIVER_MISSING',
      message: expect.stringMatching(/npm install redis/),
    });
    await expect(open({ url: 'redis:', driver: 'ioredis' })).rejects.toThrow(/npm install ioredis/);
  });

  test('stand in for each other, unless one is asked for', async () => {
    const open = await without('redis', '@redis/client');
    await expect(open({ url: 'redis://127.0.0.1:1' })).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await expect(open({ url: 'redis://127.0.0.1:1', driver: 'redis' })).rejects.toMatchObject({
      code: 'DRIVER_MISSING',
    });
  });
});
