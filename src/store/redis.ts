/*
 * The layout, command by command. One key a record: prefix + key, a string that begins with a header of one line
 * (redis-value.ts has it to the byte), with a TTL (PX) a minute longer than the record's life. One key an owner: prefix +
 * '~owner:' + name, a sorted set of keys with the latest end that each record can have as score. No name space begins
 * with '~'. No command and no script needs two keys, so that Cluster has nothing to refuse.
 *
 *   read       GET key
 *   readMany   MGET keys                            Cluster: GETs, in one write to each node
 *   create     SET key value NX PX ttl              where it is taken: GET key
 *   update     EVALSHA update key version value ttl  compares the header, keeps the owner; a conflict gives the value
 *              EVALSHA updateMany keys, and three arguments for each: what one turn of the event loop updates, each by
 *              itself; of one Redis that has all keys, and without `durable`
 *   touch      EVALSHA touch key version expiresAt ttl
 *   put        SET key value PX ttl
 *   destroy    DEL key
 *   listOwned  ZRANGE list 0 -1
 *   forget     ZREM list key
 *   scan       SCAN cursor MATCH prefix* TYPE string, GETRANGE of each header; Cluster: one primary after the other
 *
 * With an owner, create and put go on with `EVALSHA index list key until now`, and destroy with `ZREM list key`: the
 * record first. EVALSHA becomes EVAL where Redis does not know the script (after a restart or SCRIPT FLUSH). `durable`
 * sends WAIT behind each write, on the same connection.
 */
import { type Duration, durationMs } from '../duration.ts';
import { CoatcheckError } from '../errors.ts';
import { checkOptionNames, STORE_HABITS } from '../option-names.ts';
import type { Store } from './contract.ts';
import { inTime, silent } from './opening.ts';
import { checkClient, checkServer } from './redis-check.ts';
import {
  type IoRedisClient,
  type IoRedisCluster,
  kindOf,
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisSentinel,
  type RedisClient,
} from './redis-client.ts';
import type { RedisDriver } from './redis-driver.ts';
import { redisFailure } from './redis-errors.ts';
import { IoRedis, IoRedisClusterDriver } from './redis-ioredis.ts';
import { NodeRedis, NodeRedisClusterDriver, NodeRedisSentinelDriver } from './redis-node-redis.ts';
import { type OpenedClient, openClient, type RedisTls } from './redis-open.ts';
import { RedisStore } from './redis-store.ts';
import { parseRedisUrl } from './redis-url.ts';

export type { RedisClient } from './redis-client.ts';
export type { RedisTls } from './redis-open.ts';

/** Exactly one of `client` and `url`. */
export interface RedisStoreOptions {
  /**
   * A connected client of yours, or a promise of one: of redis (node-redis) 5 or newer, one connection, cluster or
   * sentinel; of ioredis 5 or newer or iovalkey, one connection, also by sentinels, or cluster. It is neither changed
   * nor closed. docs/stores/redis.md says how to set it up so that it keeps and repeats no writes.
   */
  readonly client?: RedisClient | Promise<RedisClient>;
  /**
   * `redis://user:password@host:6379/0`, `rediss://` for TLS, `redis+cluster://host1,host2`,
   * `redis+sentinel://host1,host2/name`. Never one that came with a request.
   */
  readonly url?: string;
  /** With `url`: which library connects. Default: the first that is installed, `redis`, then `ioredis`. */
  readonly driver?: 'redis' | 'ioredis';
  /** With a `rediss` URL: certificates, as `node:tls` takes them. The server's is always verified. */
  readonly tls?: RedisTls;
  /** Before every key. Default `coatcheck:`. 1 to 100 printable characters of ASCII, no blanks. */
  readonly prefix?: string;
  /**
   * Waits after each write until so many replicas have it, at most so long. A write that fewer have is `STORE_FAILED`
   * with `outcome: 'unknown'`: it is stored, and a failover may forget it. Default: does not wait.
   */
  readonly durable?: { readonly replicas: number; readonly timeout: Duration };
}

const OPTIONS = ['client', 'url', 'driver', 'tls', 'prefix', 'durable'];

const URL_SAYS = "Where Redis is and how to get in stands in url: 'redis://user:password@host:6379/0'";

/** Of connect-redis, and of the drivers where a URL says the same. */
const HABITS: Readonly<Record<string, string>> = {
  ...STORE_HABITS,
  keyPrefix: 'The text in front of every key is called prefix',
  scanCount: 'A scan takes steps as large as whoever scans asks for. Leave scanCount out',
  host: URL_SAYS,
  port: URL_SAYS,
  user: URL_SAYS,
  username: URL_SAYS,
  password: URL_SAYS,
  db: URL_SAYS,
  database: URL_SAYS,
  socket: URL_SAYS,
  redis: 'A connected client of yours is called client',
  redisClient: 'A connected client of yours is called client',
};

/**
 * Keeps records in Redis 6.2 or newer, or Valkey: alone, guarded by sentinels, or a cluster. Compare-and-set is one
 * script on one key, exact for everybody.
 *
 * A call never waits for a connection: while there is none it fails with `STORE_FAILED`, `retryable: true`,
 * `outcome: 'none'`.
 *
 * @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`, `STORE_URL_INVALID`, `DRIVER_MISSING`, or `STORE_FAILED`
 *   where Redis does not answer or does not let us in
 *
 * @example
 * const sessions = createSessions({ store: await openRedis({ url: 'redis://127.0.0.1:6379' }) });
 * @example
 * const client = await createClient().connect();
 * const sessions = createSessions({ store: await openRedis({ client }) });
 */
export async function openRedis(options: RedisStoreOptions): Promise<Store> {
  checkOptionNames(options, {
    whose: 'Redis store: ',
    names: OPTIONS,
    habits: HABITS,
    example: "openRedis({ url: 'redis://127.0.0.1:6379' })",
  });
  const { prefix = 'coatcheck:' } = options;
  checkOptions(options, prefix);
  const replicas = checkReplicas(options.durable);
  const { client, close } = await connect(options);
  try {
    const kind = kindOf(client);
    checkClient(client);
    const driver = driverFor(client, kind, options.url !== undefined);
    await inTime(checkServer(driver, prefix), silent('Redis'));
    return new RedisStore(driver, prefix, replicas, close);
  } catch (error) {
    await close?.();
    throw error;
  }
}

async function connect({ client, url, driver, tls }: RedisStoreOptions): Promise<{
  client: RedisClient;
  close?: OpenedClient['close'];
}> {
  if (url !== undefined) return openClient(parseRedisUrl(url), driver, tls);
  const given = await promised(client);
  const kind = kindOf(given);
  if (kind.startsWith('node-redis') && !(given as NodeRedisClient).isOpen) {
    throw new CoatcheckError(
      'OPTION_INVALID',
      'Redis store: the client was not connected: give `await client.connect()`, which is the client, connected.',
    );
  }
  return { client: given };
}

async function promised(client: RedisStoreOptions['client']): Promise<RedisClient> {
  try {
    return (await client) as RedisClient;
  } catch (error) {
    throw redisFailure(error, 'opening', 'none');
  }
}

function driverFor(client: RedisClient, kind: ReturnType<typeof kindOf>, ours: boolean): RedisDriver {
  switch (kind) {
    case 'node-redis':
      return new NodeRedis(client as NodeRedisClient);
    case 'node-redis cluster':
      return new NodeRedisClusterDriver(client as NodeRedisCluster);
    case 'node-redis sentinel':
      return new NodeRedisSentinelDriver(client as NodeRedisSentinel, ours);
    case 'ioredis':
      return new IoRedis(client as IoRedisClient);
    case 'ioredis cluster':
      return new IoRedisClusterDriver(client as IoRedisCluster);
  }
}

function checkOptions({ client, url, driver, tls }: RedisStoreOptions, prefix: unknown): void {
  if ((client === undefined) === (url === undefined)) invalid('give either `client` or `url`');
  if (url !== undefined && typeof url !== 'string') invalid('`url` must be text');
  if (driver !== undefined && driver !== 'redis' && driver !== 'ioredis') invalid("`driver` is 'redis' or 'ioredis'");
  if (client !== undefined && (driver !== undefined || tls !== undefined)) {
    invalid('`driver` and `tls` go with `url`; a client brings its own');
  }
  if (tls !== undefined && !/^rediss[:+]/.test(url ?? '')) invalid('`tls` wants a URL that begins with rediss');
  if (typeof prefix !== 'string' || !/^[!-~]{1,100}$/.test(prefix)) {
    invalid('`prefix` must have 1 to 100 printable characters of ASCII, and no blanks');
  }
}

/** The arguments of WAIT. */
function checkReplicas(durable: RedisStoreOptions['durable']): { count: number; wait: string[] } | undefined {
  if (durable === undefined) return undefined;
  const count = durable?.replicas;
  if (!Number.isInteger(count) || count < 1) invalid('`durable.replicas` must be a whole number above zero');
  const ms = Math.ceil(durationMs(durable.timeout, 'durable.timeout'));
  return { count, wait: ['WAIT', String(count), String(ms)] };
}

function invalid(what: string): never {
  throw new CoatcheckError('OPTION_INVALID', `Redis store: ${what}.`);
}
