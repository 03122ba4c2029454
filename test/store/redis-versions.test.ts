import { Redis as IoRedis5 } from 'ioredis5';
import { Redis as IoValkey } from 'iovalkey';
import { createClient } from 'redis5';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { openRedis } from '../../src/store/redis.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { called, redisProgram, startRedis } from '../support/redis.ts';

/** The oldest drivers that are supported, and one that goes by another name; the newest are in redis.test.ts. */
const runner = { test, skip: test.skip };

class CountedRedis extends IoRedis5 {
  static made = 0;

  constructor(options: object) {
    super(options);
    CountedRedis.made++;
  }
}

const { missing } = await redisProgram('redis');

if (missing !== undefined) {
  describe.skip(called('drivers of other versions', missing), () => test('runs', () => undefined));
} else {
  const server = await startRedis();
  afterAll(() => server.stop());

  const client = await createClient({ url: server.url }).connect();
  afterAll(() => client.destroy());
  await testStore('a client of redis 5.0', () => openRedis({ client }), runner);

  const io = new IoRedis5(server.port);
  afterAll(() => io.disconnect());
  await testStore('a client of ioredis 5.3', () => openRedis({ client: io }), runner);

  const valkey = new IoValkey(server.port);
  afterAll(() => valkey.disconnect());
  await testStore('a client of iovalkey', () => openRedis({ client: valkey }), runner);

  describe('by url', () => {
    afterEach(() => {
      vi.doUnmock('redis');
      vi.doUnmock('ioredis');
    });

    const works = async (driver: 'redis' | 'ioredis'): Promise<void> => {
      const store = await openRedis({ url: server.url, driver });
      await store.put('f'.repeat(64), driver, 4_000_000_000_000);
      expect((await store.read('f'.repeat(64)))?.document).toBe(driver);
      await store.close?.();
    };

    test('redis 5.0 connects', async () => {
      const made = vi.fn(createClient);
      vi.doMock('redis', () => ({ createClient: made }));
      await works('redis');
      expect(made).toHaveBeenCalledOnce();
    });

    test('ioredis connects where its class has no name of its own in the module, as before 5.3', async () => {
      vi.doMock('ioredis', () => ({ default: CountedRedis, Redis: undefined }));
      await works('ioredis');
      expect(CountedRedis.made).toBe(1);
    });
  });
}
