import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { redisProgram, startRedis } from './redis.ts';
import { datastoreNowhere, datastorePlace } from './servers/datastore.ts';
import { startDynamodb } from './servers/dynamodb.ts';
import { memcachedMissing, startMemcached } from './servers/memcached.ts';
import { mongodbNowhere, mongodbPlace } from './servers/mongodb.ts';
import { mysqlMissing, startMysql } from './servers/mysql.ts';
import { postgresMissing, startPostgres } from './servers/postgres.ts';

const { missing } = await redisProgram('redis');

const MISSING: Opened['missing'] = {
  'Redis by redis': missing,
  'Redis by ioredis': missing,
  Datastore: datastoreNowhere,
  MariaDB: mysqlMissing,
  memcached: memcachedMissing,
  MongoDB: mongodbNowhere,
  PostgreSQL: postgresMissing,
};

/** Opens a new store with nothing in it. */
export type OpenStore = () => Promise<Store>;

/** Every kind of store that this version has, by the name that tests give it. */
export interface Opened {
  readonly openers: Readonly<Record<string, OpenStore>>;
  /** Why those whose server is not here cannot be opened. */
  readonly missing: Readonly<Record<string, string | undefined>>;
  /** Closes what was opened, and ends the servers. */
  stop(): Promise<void>;
}

/** Starts the server of each kind of store. */
export async function startStores(): Promise<Opened> {
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
  const mongodb = mongodbNowhere === undefined ? await mongodbPlace() : undefined;
  const memcached = memcachedMissing === undefined ? await startMemcached() : undefined;
  const datastore = datastoreNowhere === undefined ? await datastorePlace() : undefined;
  const dynamodb = await startDynamodb();
  let opened = 0;
  const openers: Readonly<Record<string, OpenStore>> = {
    memory: async () => memoryStore(),
    SQLite: () => openSqlite({ database: join(folder, `${opened++}.db`) }),
    files: () => openFiles({ folder: join(folder, `files-${opened++}`) }),
    'Redis by redis': () => openRedis({ url: redis?.url ?? '', driver: 'redis', prefix: `${opened++}:` }),
    'Redis by ioredis': () => openRedis({ url: redis?.url ?? '', driver: 'ioredis', prefix: `${opened++}:` }),
    Datastore: () => openDatastore({ url: datastore?.url(`sessions-${opened++}`, 'shop') ?? '' }),
    DynamoDB: async () => openDynamodb({ url: await dynamodb.table(`sessions-${opened++}`) }),
    memcached: () => openMemcached({ url: memcached?.url ?? '', prefix: `${opened++}:` }),
    MongoDB: () => openMongodb({ url: mongodb?.url(`shop${opened++}`) ?? '' }),
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
  return {
    openers: Object.fromEntries(Object.entries(openers).map(([name, open]) => [name, kept(open)])),
    missing: MISSING,
    async stop() {
      await Promise.all(stores.map((store) => store.close?.()));
      await redis?.stop();
      await datastore?.stop();
      await dynamodb.stop();
      await memcached?.stop();
      await mysql?.stop();
      await postgres?.stop();
      await mongodb?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
