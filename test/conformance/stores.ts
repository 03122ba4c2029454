import { join } from 'node:path';
import { redisProgram, startCluster, startRedis, startSentinel } from '../support/redis.ts';
import { datastorePlace } from '../support/servers/datastore.ts';
import { startDynamodb } from '../support/servers/dynamodb.ts';
import { startMemcached } from '../support/servers/memcached.ts';
import { mongodbPlace } from '../support/servers/mongodb.ts';
import { startMysql } from '../support/servers/mysql.ts';
import { startPostgres } from '../support/servers/postgres.ts';
import type { Env } from './app.ts';

/** A store that applications can be started on. */
interface Ready {
  /** The settings of an application; each call means a database of its own where the store has several. */
  settings(): Env | Promise<Env>;
  stop(): Promise<void>;
}

type Open = (folder: string) => Promise<Ready>;

const OPENERS: Readonly<Record<string, Open>> = {
  memory: async () => fixed({ SESSION_URI: 'memory:' }),
  sqlite: async (folder) => {
    let files = 0;
    return {
      settings: () => ({ SESSION_URI: `sqlite:${join(folder, `${files++}.db`)}` }),
      stop: async () => undefined,
    };
  },
  files: async (folder) => {
    let folders = 0;
    return {
      settings: () => ({ SESSION_URI: `file:${join(folder, `files-${folders++}`)}` }),
      stop: async () => undefined,
    };
  },
  redis: () => standalone('redis', 'redis'),
  'redis by ioredis': () => standalone('redis', 'ioredis'),
  valkey: () => standalone('valkey', 'redis'),
  'a Redis Cluster': () => cluster('redis'),
  'a Redis Cluster by ioredis': () => cluster('ioredis'),
  'Redis Sentinel': () => sentinel('redis'),
  'Redis Sentinel by ioredis': () => sentinel('ioredis'),
  datastore,
  dynamodb,
  memcached: () => memcached(1),
  'three memcacheds': () => memcached(3),
  mongodb: () => mongodb(),
  mysql: () => mysql('bytes'),
  'mysql as JSON': () => mysql('json'),
  postgres: () => postgres('json'),
  'postgres as bytes': () => postgres('bytes'),
};

/** Stores of one test file, each opened when it is first asked for. */
export class Stores {
  readonly #folder: string;
  readonly #open = new Map<string, Promise<Ready>>();

  /** @param folder for those that are files */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async settings(name: string): Promise<Env> {
    const open = this.#open.get(name) ?? OPENERS[name]?.(this.#folder);
    if (open === undefined) throw new Error(`There is no store called ${name}.`);
    this.#open.set(name, open);
    return (await open).settings();
  }

  async stop(): Promise<void> {
    for (const open of await Promise.allSettled(this.#open.values())) {
      if (open.status === 'fulfilled') await open.value.stop();
    }
  }
}

async function standalone(program: 'redis' | 'valkey', driver: string): Promise<Ready> {
  const server = await startRedis({ program, args: ['--databases', '100'] });
  let databases = 0;
  return {
    settings: () => ({ SESSION_URI: `${server.url}/${databases++}`, REDIS_DRIVER: driver }),
    stop: () => server.stop(),
  };
}

async function cluster(driver: string): Promise<Ready> {
  const { nodes, stop } = await startCluster();
  const hosts = nodes.map(({ port }) => `127.0.0.1:${port}`);
  return fixed({ SESSION_URI: `redis+cluster://${hosts.join(',')}`, REDIS_DRIVER: driver }, stop);
}

async function sentinel(driver: string): Promise<Ready> {
  const { name, sentinels, stop } = await startSentinel();
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`);
  return fixed({ SESSION_URI: `redis+sentinel://${hosts.join(',')}/${name}`, REDIS_DRIVER: driver }, stop);
}

async function mysql(document: 'json' | 'bytes'): Promise<Ready> {
  const server = await startMysql();
  return {
    settings: async () => ({ SESSION_URI: `${await server.database()}?createTable=${document}` }),
    stop: () => server.stop(),
  };
}

async function postgres(document: 'json' | 'bytes'): Promise<Ready> {
  const server = await startPostgres();
  return {
    settings: async () => ({ SESSION_URI: `${await server.database()}?createTable=${document}` }),
    stop: () => server.stop(),
  };
}

async function datastore(): Promise<Ready> {
  const place = await datastorePlace();
  let kinds = 0;
  return { settings: () => ({ SESSION_URI: place.url(`sessions-${kinds++}`, 'shop') }), stop: () => place.stop() };
}

async function dynamodb(): Promise<Ready> {
  const server = await startDynamodb();
  let tables = 0;
  return {
    settings: async () => ({ SESSION_URI: await server.table(`sessions-${tables++}`) }),
    stop: () => server.stop(),
  };
}

async function mongodb(): Promise<Ready> {
  const place = await mongodbPlace();
  let databases = 0;
  return { settings: () => ({ SESSION_URI: place.url(`shop${databases++}`) }), stop: () => place.stop() };
}

async function memcached(count: number): Promise<Ready> {
  const servers = await Promise.all(Array.from({ length: count }, () => startMemcached()));
  const hosts = servers.map(({ port }) => `127.0.0.1:${port}`);
  let prefixes = 0;
  return {
    settings: () => ({ SESSION_URI: `memcached://${hosts.join(',')}`, SESSION_KEY_PREFIX: `${prefixes++}:` }),
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}

function fixed(settings: Env, stop: () => Promise<void> = async () => undefined): Ready {
  return { settings: () => settings, stop };
}

/** Why Redis or Valkey is not here; undefined where it is. */
export const redisMissing: string | undefined = (await redisProgram('redis')).missing;
export const valkeyMissing: string | undefined = (await redisProgram('valkey')).missing;
