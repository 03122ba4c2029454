import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, test } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { encrypted } from '../../src/store/encrypted.ts';
import { openFiles } from '../../src/store/file.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { migrating } from '../../src/store/migrating.ts';
import { createTable, openPostgres } from '../../src/store/postgres.ts';
import { openRedis } from '../../src/store/redis.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { type Runner, testStore } from '../../src/testing/store-suite.ts';
import { called, redisProgram, startRedis } from '../support/redis.ts';
import { postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import { bornInOld, SECRET } from './decorators.ts';

const runner: Runner = { test, skip: test.skip };
const folder = mkdtempSync(join(tmpdir(), 'coatcheck-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Open = () => Store | Promise<Store>;

/** Redis removes what is over by itself, a minute later, and has no sweep. */
const SWEEP = 'sweep deletes expired records and no others, at most as many at once as it may';
const onRedis: Runner = {
  test: (name, run) =>
    name.endsWith(SWEEP) ? test.skip(`${name} (skipped: Redis sweeps by itself)`, run) : test(name, run),
  skip: test.skip,
};

/** Once with records that begin in the new store, and once with records that the old one had. */
async function between(what: string, from: Open, to: Open, inRedis?: 'from' | 'to'): Promise<void> {
  const open = async () => ({ from: await from(), to: await to() });
  await testStore(
    `migrating ${what}, new records`,
    async () => migrating(await open()),
    inRedis === 'to' ? onRedis : runner,
  );
  await testStore(
    `migrating ${what}, old records`,
    async () => bornInOld(await open()),
    inRedis === 'from' ? onRedis : runner,
  );
}

await between('memory to memory', memoryStore, memoryStore);
await between(
  'files to SQLite',
  () => openFiles({ folder: join(folder, 'files') }),
  () => openSqlite({ database: join(folder, 'suite.db') }),
);
await between('plain to encrypted', memoryStore, () => encrypted(memoryStore(), SECRET));

const { missing } = await redisProgram('redis');
const absent = missing ?? postgresMissing;
if (absent !== undefined) {
  describe.skip(called('migrating Redis to PostgreSQL', absent), () => test('runs', () => undefined));
} else {
  const redis = await startRedis();
  const postgres = await startPostgres();
  afterAll(() => Promise.all([redis.stop(), postgres.stop()]));
  const url = await postgres.database();
  await createTable({ url });
  await between(
    'Redis to PostgreSQL',
    () => openRedis({ url: redis.url }),
    () => openPostgres({ url }),
    'from',
  );
  await between(
    'PostgreSQL to Redis',
    () => openPostgres({ url }),
    () => openRedis({ url: redis.url, prefix: 'back:' }),
    'to',
  );
}
