import { Redis as IoRedis } from 'ioredis';
import { createSentinel } from 'redis';
import { afterAll, describe, expect, test } from 'vitest';
import { openRedis } from '../../src/store/redis.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { called, redisProgram, startSentinel } from '../support/redis.ts';

const { missing } = await redisProgram('redis');
const runner = { test, skip: test.skip };
const KEY = 'a'.repeat(64);
const LATER = 4_000_000_000_123;

if (missing !== undefined) {
  describe.skip(called('the store suite with sentinels', missing), () => test('runs', () => undefined));
} else {
  const guarded = await startSentinel();
  afterAll(() => guarded.stop());
  const nodes = guarded.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  const url = `redis+sentinel://${nodes.map(({ host, port }) => `${host}:${port}`)}/${guarded.name}`;

  const client = await createSentinel({ name: guarded.name, sentinelRootNodes: nodes }).connect();
  afterAll(() => client.destroy());
  await testStore('sentinels of redis', () => openRedis({ client }), runner);

  const io = new IoRedis({ sentinels: nodes, name: guarded.name });
  afterAll(() => io.disconnect());
  await testStore('sentinels of ioredis', () => openRedis({ client: io }), runner);

  for (const driver of ['redis', 'ioredis'] as const) {
    await testStore(`sentinels, ${driver} by url`, () => openRedis({ url, driver }), runner);
  }

  describe('durable', () => {
    for (const driver of ['redis', 'ioredis'] as const) {
      test(`waits for the replica, by ${driver}, and says unknown where there are too few`, async () => {
        const store = await openRedis({ url, driver, durable: { replicas: 1, timeout: '2s' } });
        const { version } = (await store.create(`${driver}:${KEY}`, 'x', LATER)) as { version: string };
        expect(await store.update(`${driver}:${KEY}`, version, 'y', LATER)).toMatchObject({ result: 'ok' });
        expect(await store.destroy(`${driver}:${KEY}`)).toBe(true);
        await store.close?.();
        const strict = await openRedis({ url, driver, durable: { replicas: 2, timeout: '50ms' } });
        await expect(strict.put(`${driver}:${KEY}`, 'x', LATER)).rejects.toMatchObject({
          code: 'STORE_FAILED',
          outcome: 'unknown',
          retryable: false,
          message: expect.stringMatching(/fewer replicas/),
        });
        expect((await strict.read(`${driver}:${KEY}`))?.document).toBe('x');
        await strict.close?.();
      });
    }

    test('waits with clients of the user’s too', async () => {
      for (const given of [client, io]) {
        const store = await openRedis({ client: given, durable: { replicas: 1, timeout: '2s' } });
        await store.put(`durable:${KEY}`, 'x', LATER);
        const strict = await openRedis({ client: given, durable: { replicas: 2, timeout: '20ms' } });
        await expect(strict.put(`durable:${KEY}`, 'x', LATER)).rejects.toMatchObject({ outcome: 'unknown' });
      }
    });
  });

  describe('a connection to the replica', () => {
    test('is refused when the store is opened, with what to do', async () => {
      const primary = await guarded.primary();
      const replica = guarded.servers.find((server) => server !== primary);
      for (const driver of ['redis', 'ioredis'] as const) {
        await expect(openRedis({ url: `${replica?.url}`, driver })).rejects.toMatchObject({
          code: 'OPTION_INVALID',
          message: expect.stringMatching(/connect it to the primary/),
        });
      }
      const asking = new IoRedis({ sentinels: nodes, name: guarded.name, role: 'slave' });
      await expect(openRedis({ client: asking })).rejects.toThrow(/role: 'master'/);
      asking.disconnect();
    });
  });

  describe('when the primary dies', () => {
    for (const driver of ['redis', 'ioredis'] as const) {
      test(`${driver} goes on with the new one, and no call hangs meanwhile`, { timeout: 40_000 }, async () => {
        const other = await startSentinel();
        const at = other.sentinels.map(({ port }) => `127.0.0.1:${port}`);
        const store = await openRedis({ url: `redis+sentinel://${at}/${other.name}`, driver });
        await store.put(KEY, 'before', LATER);
        let slowest = 0;
        let over = false;
        const asking = (async () => {
          while (!over) {
            const begun = performance.now();
            await store.read(KEY).catch((error: unknown) => expect(error).toMatchObject({ retryable: true }));
            slowest = Math.max(slowest, performance.now() - begun);
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        })();
        await other.killPrimary();
        const moved = performance.now();
        for (;;) {
          try {
            await store.put(KEY, 'after', LATER);
            break;
          } catch (error) {
            expect(error).toMatchObject({ code: 'STORE_FAILED', retryable: true });
          }
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        expect(performance.now() - moved).toBeLessThan(6000);
        expect((await store.read(KEY))?.document).toBe('after');
        over = true;
        await asking;
        expect(slowest).toBeLessThan(3000);
        await store.close?.();
        await other.stop();
      });
    }
  });
}
