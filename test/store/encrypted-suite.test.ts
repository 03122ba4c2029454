import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, test } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { encrypted } from '../../src/store/encrypted.ts';
import { openFiles } from '../../src/store/file.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { createTable, openPostgres } from '../../src/store/postgres.ts';
import { openRedis } from '../../src/store/redis.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { called, redisProgram, startRedis } from '../support/redis.ts';
import { postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import { SECRET, textOnly } from './decorators.ts';

const runner = { test, skip: test.skip };
const folder = mkdtempSync(join(tmpdir(), 'coatcheck-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const around = (what: string, open: () => Store | Promise<Store>): Promise<void> =>
  testStore(`encrypted around ${what}`, async () => encrypted(await open(), SECRET), runner);

await around('memory', () => memoryStore());
await around('a store for text', () => textOnly(memoryStore()));
await around('SQLite', () => openSqlite({ database: join(folder, 'suite.db') }));
await around('files', () => openFiles({ folder: join(folder, 'suite') }));

const { missing } = await redisProgram('redis');
if (missing !== undefined) {
  describe.skip(called('encrypted around Redis', missing), () => test('runs', () => undefined));
} else {
  const server = await startRedis();
  afterAll(() => server.stop());
  await around('Redis', () => openRedis({ url: server.url }));
}

if (postgresMissing !== undefined) {
  describe.skip(called('encrypted around PostgreSQL', postgresMissing), () => test('runs', () => undefined));
} else {
  const server = await startPostgres();
  afterAll(() => server.stop());
  for (const document of ['json', 'bytes'] as const) {
    const url = await server.database();
    await createTable({ url, document });
    await around(`PostgreSQL, ${document}`, () => openPostgres({ url }));
  }
}
