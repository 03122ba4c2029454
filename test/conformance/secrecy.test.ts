import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Datastore } from '@google-cloud/datastore';
import { afterAll, test } from 'vitest';
import { createTable as createMysqlTable } from '../../src/store/mysql.ts';
import { createTable as createPostgresTable } from '../../src/store/postgres.ts';
import { startRedis } from '../support/redis.ts';
import { datastoreMissing, PROJECT, startDatastore } from '../support/servers/datastore.ts';
import { startDynamodb } from '../support/servers/dynamodb.ts';
import { memcachedMissing, startMemcached } from '../support/servers/memcached.ts';
import { mongodbMissing, startMongodb } from '../support/servers/mongodb.ts';
import { mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import { called } from '../support/servers/program.ts';
import { startWiretap } from '../support/servers/wiretap.ts';
import { fleet } from './app.ts';
import {
  heldByDatastore,
  heldByDynamodb,
  heldByMongodb,
  heldByMysql,
  heldByPostgres,
  heldByRedis,
  heldBySqlite,
  heldInFiles,
} from './held.ts';
import { testSecrecy, type Watched } from './secrecy.ts';
import { redisMissing } from './stores.ts';

const { start, folder } = fleet();

interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

/** A server behind a wire of ours. */
async function tapped(
  server: Server,
  url: string,
  held: Watched['held'],
  stop: () => Promise<void> = () => server.stop(),
): Promise<Watched> {
  const tap = await startWiretap(server.port);
  return {
    settings: { SESSION_URI: url.replace(`127.0.0.1:${server.port}`, `127.0.0.1:${tap.port}`) },
    heard: tap.heard,
    held,
    async stop() {
      await tap.stop();
      await stop();
    },
  };
}

/** One server for two forms of documents. */
function shared<S extends Server>(startServer: () => Promise<S>): () => Promise<S> {
  let starting: Promise<S> | undefined;
  afterAll(async () => (await starting)?.stop());
  return () => {
    starting ??= startServer();
    return starting;
  };
}

const stays = async (): Promise<void> => undefined;

test.skip(
  called('what memory holds', 'nothing outside of the application; test/interface/secrecy.test.ts looks there'),
);

testSecrecy(
  'SQLite',
  {
    async watch() {
      const file = join(folder, 'secrecy.db');
      return {
        settings: { SESSION_URI: `sqlite:${file}` },
        held: () => heldBySqlite(file),
        stop: stays,
      };
    },
  },
  start,
);

testSecrecy(
  'a folder of files',
  {
    async watch() {
      const files = join(folder, 'secrecy');
      mkdirSync(files, { mode: 0o700 });
      return {
        settings: { SESSION_URI: `file:${files}` },
        held: () => heldInFiles(files),
        stop: stays,
      };
    },
  },
  start,
);

testSecrecy(
  'Redis',
  {
    missing: redisMissing,
    async watch() {
      const redis = await startRedis();
      return tapped(redis, redis.url, () => heldByRedis(redis));
    },
  },
  start,
);

testSecrecy(
  'memcached',
  {
    missing: memcachedMissing,
    ownerless: 'memcached keeps no owners',
    async watch() {
      const memcached = await startMemcached();
      const held = async () => (await memcached.dump()).flatMap(({ key, value }) => [key, value]);
      return tapped(memcached, memcached.url, held);
    },
  },
  start,
);

const postgres = shared(startPostgres);
const mysql = shared(startMysql);
for (const document of ['json', 'bytes'] as const) {
  testSecrecy(
    `PostgreSQL, with documents as ${document},`,
    {
      missing: postgresMissing,
      async watch() {
        const server = await postgres();
        const url = await server.database();
        await createPostgresTable({ url, document });
        return tapped(server, url, () => heldByPostgres(url), stays);
      },
    },
    start,
  );
  testSecrecy(
    `MariaDB, with documents as ${document},`,
    {
      missing: mysqlMissing,
      async watch() {
        const server = await mysql();
        const url = await server.database();
        await createMysqlTable({ url, document });
        return tapped(server, url, () => heldByMysql(url), stays);
      },
    },
    start,
  );
}

testSecrecy(
  'MongoDB',
  {
    missing: mongodbMissing,
    async watch() {
      const mongodb = await startMongodb();
      return tapped(mongodb, `${mongodb.url}/shop`, () => heldByMongodb(mongodb.url, 'shop'));
    },
  },
  start,
);

testSecrecy(
  'Datastore',
  {
    missing: datastoreMissing,
    async watch() {
      const datastore = await startDatastore();
      const client = new Datastore({ projectId: PROJECT, apiEndpoint: datastore.endpoint, namespace: 'shop' });
      return tapped(datastore, datastore.url('sessions', 'shop'), () => heldByDatastore(client));
    },
  },
  start,
);

testSecrecy(
  'DynamoDB',
  {
    async watch() {
      const dynamodb = await startDynamodb();
      return tapped(dynamodb, await dynamodb.table('sessions'), () => heldByDynamodb(dynamodb.endpoint));
    },
  },
  start,
);
