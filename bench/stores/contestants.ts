import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Datastore } from '@google-cloud/datastore';
import { openDatastore } from 'coatcheck/store/datastore';
import { openDynamodb } from 'coatcheck/store/dynamodb';
import { openMemcached } from 'coatcheck/store/memcached';
import { openMongodb } from 'coatcheck/store/mongodb';
import { openMysql } from 'coatcheck/store/mysql';
import { openPostgres } from 'coatcheck/store/postgres';
import { openRedis } from 'coatcheck/store/redis';
import { Redis as IoRedis } from 'ioredis';
import { MemcacheClient } from 'memcache-client';
import { MongoClient } from 'mongodb';
import mysql from 'mysql2';
import pg from 'pg';
import { createClient } from 'redis';
import { PROJECT, startDatastore } from '../../test/support/servers/datastore.ts';
import { CREDENTIALS, startDynamodb } from '../../test/support/servers/dynamodb.ts';
import { startMemcached } from '../../test/support/servers/memcached.ts';
import { startMongodb } from '../../test/support/servers/mongodb.ts';
import { startMysql } from '../../test/support/servers/mysql.ts';
import { startPostgres } from '../../test/support/servers/postgres.ts';
import { startRedis } from '../../test/support/servers/redis-server.ts';
import { argumentsOf, ownerOf } from './caught.ts';
import { type Contestant, DOCUMENT, type RawCall, swapped } from './contest.ts';

/** Catches one method of the driver, and calls it again with the same arguments. */
function catching(on: object, method: string, again: (args: unknown[]) => RawCall): Pick<Contestant, 'caught'> {
  return {
    caught: async (call) => {
      const args = await argumentsOf(on, method, call);
      return (swap) => again(swap === undefined ? args : swapped(args, swap));
    },
  };
}

/** By hand where the driver takes several calls, or another driver is compared with: on keys of its own. */
function byHand(read: (key: string) => RawCall, update: (key: string) => RawCall): Pick<Contestant, 'caught'> {
  let keys = 0;
  return {
    caught: async (call) => {
      const isRead = (await call()) !== undefined;
      const key = `by-hand-${keys++ % 32}`;
      await update(key)();
      return () => (isRead ? read(key) : update(key));
    },
  };
}

/** Nobody sends the same value twice: a text that is put together anew must be copied before it can be sent. */
function anew(words: readonly string[]): string[] {
  return words.map((word) => (word.length < 200 ? word : word.slice(0, 60) + word.slice(60)));
}

/** Each opens its server, its client and its store. */
export const CONTESTANTS: Readonly<Record<string, () => Promise<Contestant>>> = {
  redis: async () => {
    const server = await startRedis();
    const client = await createClient({ url: server.url }).connect();
    const send = client.sendCommand.bind(client) as (...args: unknown[]) => Promise<unknown>;
    return {
      name: 'Redis, redis',
      operations: 6400,
      store: await openRedis({ client }),
      // With the store's options: without its timer for each command the driver is at its best.
      ...catching(
        client,
        'sendCommand',
        ([words, options]) =>
          () =>
            send(anew(words as string[]), options),
      ),
      stop: async () => {
        client.destroy();
        await server.stop();
      },
    };
  },
  ioredis: async () => {
    const server = await startRedis();
    const client = new IoRedis(server.port);
    const call = client.call.bind(client) as (...args: unknown[]) => Promise<unknown>;
    return {
      name: 'Redis, ioredis',
      operations: 6400,
      store: await openRedis({ client }),
      ...catching(client, 'call', (words) => () => call(...anew(words as string[]))),
      stop: async () => {
        client.disconnect();
        await server.stop();
      },
    };
  },
  postgres: async () => {
    const server = await startPostgres();
    const pool = new pg.Pool({ connectionString: server.url, max: 10 });
    return {
      name: 'PostgreSQL, pg',
      operations: 1600,
      store: await openPostgres({ pool, createTable: 'json' }),
      ...catching(
        pg.Client.prototype,
        'query',
        ([config]) =>
          () =>
            pool.query(config as pg.QueryConfig),
      ),
      stop: async () => {
        await pool.end();
        await server.stop();
      },
    };
  },
  mysql: async () => {
    const server = await startMysql();
    const pool = mysql.createPool({ uri: server.url, connectionLimit: 10 });
    const promises = pool.promise();
    const connection = await promises.getConnection();
    const prototype = ownerOf(connection.connection, 'execute');
    connection.release();
    return {
      name: 'MariaDB, mysql2',
      operations: 1600,
      store: await openMysql({ pool, createTable: 'json' }),
      ...catching(prototype, 'execute', ([statement, values]) => {
        const given = statement as mysql.QueryOptions & { values?: mysql.ExecuteValues };
        return () => promises.execute(given, (Array.isArray(values) ? values : given.values) as mysql.ExecuteValues);
      }),
      stop: async () => {
        await promises.end();
        await server.stop();
      },
    };
  },
  mongodb: async () => {
    const server = await startMongodb();
    const client = await new MongoClient(server.url).connect();
    const database = client.db('app');
    return {
      name: 'MongoDB, mongodb',
      operations: 640,
      store: await openMongodb({ client, database: 'app' }),
      ...catching(
        ownerOf(database, 'command'),
        'command',
        ([command, options]) =>
          () =>
            database.command(command as object, options as object),
      ),
      stop: async () => {
        await client.close();
        await server.stop();
      },
    };
  },
  dynamodb: async () => {
    const server = await startDynamodb();
    const client = new DynamoDBClient({ endpoint: server.endpoint, region: 'eu-west-1', credentials: CREDENTIALS });
    const table = 'bench';
    await server.table(table);
    return {
      name: 'DynamoDB, client-dynamodb',
      operations: 256,
      store: await openDynamodb({ client, table }),
      caught: async (call) => {
        const [command] = (await argumentsOf(client, 'send', call)) as [
          { constructor: new (given: unknown) => never; input: unknown },
        ];
        const { constructor: Command, input } = command;
        return (swap) => {
          const given = swap === undefined ? input : swapped(input, swap);
          return () => client.send(new Command(given));
        };
      },
      stop: async () => {
        client.destroy();
        await server.stop();
      },
    };
  },
  memcached: async () => {
    const server = await startMemcached();
    const client = new MemcacheClient({ server: `127.0.0.1:${server.port}` });
    const store = await openMemcached({ servers: [`127.0.0.1:${server.port}`] });
    return {
      // The store's client is our own; this is the one that came nearest.
      name: 'memcached, memcache-client',
      operations: 6400,
      store,
      ...byHand(
        (key) => () => client.gets(key),
        (key) => () => client.set(key, DOCUMENT),
      ),
      stop: async () => {
        client.shutdown();
        await store.close?.();
        await server.stop();
      },
    };
  },
  datastore: async () => {
    const server = await startDatastore();
    const client = new Datastore({ projectId: PROJECT, apiEndpoint: server.endpoint, namespace: 'bench' });
    const keyOf = (name: string) => client.key(['coatcheck', name]);
    const data = (): object => ({ document: DOCUMENT, version: randomUUID(), expiresAt: Date.now(), ttl: new Date() });
    const excludeFromIndexes = ['document', 'version', 'expiresAt'];
    return {
      name: 'Datastore, datastore',
      operations: 192,
      store: await openDatastore({ client, kind: 'coatcheck' }),
      ...byHand(
        (name) => () => client.get(keyOf(name)),
        (name) => async () => {
          const transaction = client.transaction();
          await transaction.get(keyOf(name));
          transaction.save({ key: keyOf(name), data: data(), excludeFromIndexes });
          await transaction.commit();
        },
      ),
      stop: () => server.stop(),
    };
  },
};
