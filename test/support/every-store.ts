import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { openRedis } from '../../src/store/redis.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { called, redisProgram, startRedis } from './redis.ts';

const { missing } = await redisProgram('redis');

/** Opens a new store with nothing in it. */
export type OpenStore = () => Promise<Store>;

/** Describes the same for each kind of store that this version has; all is gone with the file's last test. */
export async function onEveryStore(what: string, tests: (open: OpenStore) => void): Promise<void> {
  const stores: Store[] = [];
  const kept = (open: OpenStore) => async () => {
    const store = await open();
    stores.push(store);
    return store;
  };
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-stores-'));
  const redis = missing === undefined ? await startRedis() : undefined;
  let opened = 0;
  const openers: Readonly<Record<string, OpenStore>> = {
    memory: async () => memoryStore(),
    SQLite: () => openSqlite({ database: join(folder, `${opened++}.db`) }),
    'Redis by redis': () => openRedis({ url: redis?.url ?? '', driver: 'redis', prefix: `${opened++}:` }),
    'Redis by ioredis': () => openRedis({ url: redis?.url ?? '', driver: 'ioredis', prefix: `${opened++}:` }),
  };
  for (const [name, open] of Object.entries(openers)) {
    const skipped = name.startsWith('Redis') ? missing : undefined;
    describe.skipIf(skipped !== undefined)(called(`${what}, on ${name}`, skipped), () => tests(kept(open)));
  }
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close?.()));
    await redis?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
}
