import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { openDatastore } from '../../src/store/datastore.ts';
import { openDynamodb } from '../../src/store/dynamodb.ts';
import { openFiles } from '../../src/store/file.ts';
import { openMemcached } from '../../src/store/memcached.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { openMongodb } from '../../src/store/mongodb.ts';
import { createTable as createMysqlTable, openMysql } from '../../src/store/mysql.ts';
import { createTable as createPostgresTable, openPostgres } from '../../src/store/postgres.ts';
import { openRedis } from '../../src/store/redis.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { called, redisProgram, startRedis } from './redis.ts';
import { datastoreMissing, startDatastore } from './servers/datastore.ts';
import { startDynamodb } from './servers/dynamodb.ts';
import { memcachedMissing, startMemcached } from './servers/memcached.ts';
import { mongodbMissing, startMongodb } from './servers/mongodb.ts';
import { mysqlMissing, startMysql } from './servers/mysql.ts';
import { postgresMissing, startPostgres } from './servers/postgres.ts';

const { missing } = await redisProgram('redis');

/** Why others are not here. */
const MISSING: Readonly<Record<string, string | undefined>> = {
  Datastore: datastoreMissing,
  MariaDB: mysqlMissing,
  memcached: memcachedMissing,
  MongoDB: mongodbMissing,
  PostgreSQL: postgresMissing,
};

/** Opens a new store with nothing in it. */
export type OpenStore = () => Promise<Store>;

/** Describes the same for each kind of store that this version has; all is gone with the file's last test. */
export async function onEveryStore(what: string, tests: (open: OpenStore, name: string) => void): Promise<void> {
  const stores: Store[] = [];
  const kept = (open: OpenStore) => async () => {
    const store = await open();
    stores.push(store);
    return store;
  };
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-stores-'));
  const redis = missing === undefined ? await startRedis() : undefined;
  const mysql = mysqlMissing === undefined ? await startMysql() : undefined;
  const postgres = postgresMissing === undefined ? await startPostgres() : undefined;
  const mongodb = mongodbMissing === undefined ? await startMongodb() : undefined;
  const memcached = memcachedMissing === undefined ? await startMemcached() : undefined;
  const datastore = datastoreMissing === undefined ? await startDatastore() : undefined;
  const dynamodb = await startDynamodb();
  let opened = 0;
  const openers: Readonly<Record<string, OpenStore>> = {
    memory: async () => memoryStore(),
    SQLite: () => openSqlite({ database: join(folder, `${opened++}.db`) }),
    files: () => openFiles({ folder: join(folder, `files-${opened++}`) }),
    'Redis by redis': () => openRedis({ url: redis?.url ?? '', driver: 'redis', prefix: `${opened++}:` }),
    'Redis by ioredis': () => openRedis({ url: redis?.url ?? '', driver: 'ioredis', prefix: `${opened++}:` }),
    Datastore: () => openDatastore({ url: datastore?.url(`sessions-${opened++}`) ?? '' }),
    DynamoDB: async () => openDynamodb({ url: await dynamodb.table(`sessions-${opened++}`) }),
    memcached: () => openMemcached({ url: memcached?.url ?? '', prefix: `${opened++}:` }),
    MongoDB: () => openMongodb({ url: `${mongodb?.url}/shop${opened++}` }),
    MariaDB: async () => {
      const url = (await mysql?.database()) ?? '';
      await createMysqlTable({ url });
      return openMysql({ url });
    },
    PostgreSQL: async () => {
      const url = (await postgres?.database()) ?? '';
      await createPostgresTable({ url });
      return openPostgres({ url });
    },
  };
  for (const [name, open] of Object.entries(openers)) {
    const skipped = name.startsWith('Redis') ? missing : MISSING[name];
    describe.skipIf(skipped !== undefined)(called(`${what}, on ${name}`, skipped), () => tests(kept(open), name));
  }
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close?.()));
    await redis?.stop();
    await datastore?.stop();
    await dynamodb.stop();
    await memcached?.stop();
    await mysql?.stop();
    await postgres?.stop();
    await mongodb?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
}
