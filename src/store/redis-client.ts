import { CoatcheckError } from '../errors.ts';

/** One connection of node-redis 5 or newer, or its pool: what `createClient()` gives. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  readonly isReady?: boolean;
  sendCommand(args: string[], options?: object): Promise<unknown>;
}

/** A cluster of node-redis: what `createCluster()` gives. */
export interface NodeRedisCluster {
  readonly isOpen: boolean;
  readonly masters: readonly NodeRedisNode[];
  readonly slots: readonly { readonly master: NodeRedisNode }[];
  nodeClient(node: NodeRedisNode): Promise<NodeRedisClient> | NodeRedisClient;
  sendCommand(firstKey: string | undefined, isReadonly: boolean, args: string[], options?: object): Promise<unknown>;
}

export interface NodeRedisNode {
  readonly address: string;
}

/** What `createSentinel()` of node-redis gives. */
export interface NodeRedisSentinel {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  getMasterNode(): unknown;
  sendCommand(isReadonly: boolean, args: string[], options?: object): Promise<unknown>;
  use<T>(run: (lease: NodeRedisLease) => Promise<T>): Promise<T>;
}

export interface NodeRedisLease {
  sendCommand(isReadonly: boolean, args: string[], options?: object): Promise<unknown>;
}

/** `new Redis()` of ioredis 5 or newer, or of iovalkey. */
export interface IoRedisClient {
  readonly status: string;
  readonly options: object;
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** `new Cluster()` of ioredis or iovalkey. */
export interface IoRedisCluster extends IoRedisClient {
  readonly isCluster: boolean;
  readonly slots: readonly (readonly string[])[];
  nodes(role: 'master'): readonly IoRedisClient[];
  pipeline(commands: readonly (readonly string[])[]): {
    exec(): Promise<readonly (readonly [unknown, unknown])[] | null>;
  };
}

/** A client of node-redis (one connection, cluster, sentinel) or ioredis (one connection, also by sentinels, cluster). */
export type RedisClient = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel | IoRedisClient | IoRedisCluster;

export type ClientKind = 'node-redis' | 'node-redis cluster' | 'node-redis sentinel' | 'ioredis' | 'ioredis cluster';

/**
 * Which client it is, by its shape.
 *
 * @throws CoatcheckError `OPTION_INVALID` for what is none
 */
export function kindOf(client: unknown): ClientKind {
  const { call, status, isCluster, sendCommand, isOpen, nodeClient, getMasterNode } = (client ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof call === 'function' && typeof status === 'string') return isCluster ? 'ioredis cluster' : 'ioredis';
  if (typeof sendCommand === 'function' && typeof isOpen === 'boolean') {
    if (typeof nodeClient === 'function') return 'node-redis cluster';
    return typeof getMasterNode === 'function' ? 'node-redis sentinel' : 'node-redis';
  }
  throw new CoatcheckError(
    'OPTION_INVALID',
    'Redis store: `client` must be a client of redis (node-redis) 5 or newer, or of ioredis 5 or newer.',
  );
}
