import { CoatcheckError } from '../errors.ts';
import type { IoRedisClient, RedisClient } from './redis-client.ts';
import { redisFailure } from './redis-errors.ts';
import type { RedisHost, RedisTarget } from './redis-url.ts';

/** For `rediss:`. The server's certificate is always verified; `servername` is what it must be made out to. */
export interface RedisTls {
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  readonly passphrase?: string;
  readonly servername?: string;
}

/** A client of ours. */
export interface OpenedClient {
  readonly client: RedisClient;
  close(): Promise<void>;
}

export type DriverName = 'redis' | 'ioredis';

/** Until a server that went away is tried again, in milliseconds; for ever, and no longer after many failures. */
const RECONNECT_MS = 200;
/** How long one attempt to connect may take, in milliseconds: below the two seconds of a request. */
const CONNECT_MS = 1500;
/**
 * How long a primary with successors may be silent while something is expected of it, in milliseconds. A machine that
 * lost its power or its network closes no connection, and its client would wait for it long after the failover.
 */
const SILENCE_MS = 5000;
/** node-redis counts the silence of an idle connection too, so that one is kept talking. */
const PING_MS = 2000;

const PACKAGES: readonly { readonly driver: DriverName; readonly name: string }[] = [
  { driver: 'redis', name: 'redis' },
  { driver: 'redis', name: '@redis/client' },
  { driver: 'ioredis', name: 'ioredis' },
];

/**
 * Connects with the first driver that is installed. What we open never keeps a command until there is a connection
 * again, and never sends one twice: an answer that comes late is worth nothing to a request, and a write that comes
 * twice may bring back what was ended meanwhile.
 *
 * @throws CoatcheckError `DRIVER_MISSING`, and `STORE_FAILED` where nobody answers
 */
export async function openClient(
  target: RedisTarget,
  driver: DriverName | undefined,
  tls: RedisTls | undefined,
): Promise<OpenedClient> {
  const found = await findDriver(driver);
  const options = target.tls ? { ...tls, rejectUnauthorized: true } : undefined;
  return found.driver === 'redis'
    ? openNodeRedis(found.module as unknown as NodeRedisModule, target, options)
    : openIoRedis(found.module as unknown as IoRedisModule, target, options);
}

async function findDriver(
  wanted: DriverName | undefined,
): Promise<{ driver: DriverName; module: Record<string, unknown> }> {
  const causes: unknown[] = [];
  for (const { driver, name } of PACKAGES) {
    if (wanted !== undefined && wanted !== driver) continue;
    try {
      return { driver, module: (await import(name)) as Record<string, unknown> };
    } catch (error) {
      causes.push(error);
    }
  }
  throw new CoatcheckError(
    'DRIVER_MISSING',
    `Redis store: no driver was found. Run \`npm install ${wanted ?? 'redis'}\`.`,
    { cause: new AggregateError(causes, 'no driver of Redis could be loaded') },
  );
}

interface Emitter {
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

interface OurNodeRedis extends Emitter {
  connect(): Promise<unknown>;
  destroy(): unknown;
}

interface NodeRedisModule {
  createClient(options: object): OurNodeRedis & RedisClient;
  createCluster(options: object): OurNodeRedis & RedisClient;
  createSentinel(options: object): OurNodeRedis & RedisClient;
}

async function openNodeRedis(
  module: NodeRedisModule,
  { mode, hosts, name, username, password, database }: RedisTarget,
  tls: object | undefined,
): Promise<OpenedClient> {
  let opened = false;
  const socket = {
    ...(tls && { ...tls, tls: true }),
    connectTimeout: CONNECT_MS,
    reconnectStrategy: () => (opened ? RECONNECT_MS : false),
  };
  const one = {
    ...(mode !== 'single' && { pingInterval: PING_MS }),
    socket: { ...socket, ...(mode !== 'single' && { socketTimeout: SILENCE_MS }) },
    username,
    password,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    commandOptions: { timeout: undefined },
  };
  const client =
    mode === 'single'
      ? module.createClient({ ...one, database, socket: { ...socket, ...hosts[0] } })
      : mode === 'cluster'
        ? module.createCluster({ rootNodes: hosts.map((host) => ({ socket: host })), defaults: one })
        : module.createSentinel({
            name,
            sentinelRootNodes: hosts,
            nodeClientOptions: { ...one, database },
            sentinelClientOptions: { socket },
            // Without one of its own, commands of one turn wait for each other.
            reserveClient: true,
            maxCommandRediscovers: 0,
            // It asks once when the primary changes; an old answer then would keep it at the old primary for good (ms).
            scanInterval: 1000,
          });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    try {
      client.destroy();
    } catch {
      // It had not come so far as to have something to end.
    }
    throw redisFailure(error, 'opening', 'none');
  }
  opened = true;
  return { client, close: async () => void (await client.destroy()) };
}

interface OurIoRedis extends IoRedisClient, Emitter {
  connect(): Promise<unknown>;
  disconnect(): void;
}

interface OurCluster extends OurIoRedis {
  nodes(role: 'master'): readonly OurIoRedis[];
}

interface IoRedisClass {
  new (options: object): OurIoRedis;
  readonly Cluster: new (nodes: readonly RedisHost[], options: object) => OurIoRedis;
}

/** Before 5.3 the class has no name of its own in the module. */
interface IoRedisModule {
  readonly Redis?: IoRedisClass;
  readonly default: IoRedisClass;
}

async function openIoRedis(
  module: IoRedisModule,
  { mode, hosts, name, username, password, database }: RedisTarget,
  tls: object | undefined,
): Promise<OpenedClient> {
  const Redis = module.Redis ?? module.default;
  let opened = false;
  const retryStrategy = (): number | null => (opened ? RECONNECT_MS : null);
  const one = {
    username,
    password,
    tls,
    connectTimeout: CONNECT_MS,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // The queue is emptied with each loss of the connection; without it, what was under way would stay in it unanswered.
    maxRetriesPerRequest: 0,
    // It asks INFO, and warns on the console where a user may not. Sentinels need it, to see that the primary is one; a
    // Redis that is still loading says so itself.
    enableReadyCheck: mode === 'sentinel',
    maxLoadingRetryTime: RECONNECT_MS,
    ...(mode !== 'single' && { socketTimeout: SILENCE_MS }),
  };
  const client =
    mode === 'single'
      ? new Redis({ ...one, ...hosts[0], db: database, retryStrategy })
      : mode === 'cluster'
        ? new Redis.Cluster(hosts, {
            redisOptions: one,
            lazyConnect: true,
            enableOfflineQueue: false,
            clusterRetryStrategy: retryStrategy,
            retryDelayOnFailover: 0,
            retryDelayOnClusterDown: 0,
          })
        : new Redis({
            ...one,
            sentinels: hosts,
            name,
            db: database,
            retryStrategy,
            sentinelRetryStrategy: retryStrategy,
            enableTLSForSentinelMode: tls !== undefined,
            sentinelTLS: tls,
            // Not `failoverDetector`: news that come while it is connecting end the client for good (seen with ioredis
            // 6.0.0). A former primary cuts its connections by itself, or refuses the next write.
            reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
          });
  let last: unknown;
  client.on('error', (error) => {
    last = error;
  });
  try {
    await client.connect();
    // A node connects with its first command, and would refuse the ones behind that until it has.
    if (mode === 'cluster')
      await Promise.allSettled((client as OurCluster).nodes('master').map((node) => node.connect()));
  } catch (error) {
    client.disconnect();
    // What connect() throws says only that the connection was closed; the event has said why.
    throw redisFailure(last ?? error, 'opening', 'none');
  }
  opened = true;
  last = undefined;
  return { client, close: async () => client.disconnect() };
}
