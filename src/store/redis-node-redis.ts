import type { NodeRedisClient, NodeRedisCluster, NodeRedisLease, NodeRedisSentinel } from './redis-client.ts';
import type { RedisDriver, RedisNode } from './redis-driver.ts';
import { slotOf } from './redis-slot.ts';

/**
 * No timer for each command: the one of five seconds that node-redis 6 sets costs more than all the rest of a GET, and
 * the core has its own deadline. Raw commands also go past a client-side cache, which may be behind.
 */
const UNTIMED = { timeout: undefined };
/** For clients that were set up to give answers as something else than text; dearer, so not for all. */
const PLAIN = { timeout: undefined, typeMapping: undefined, abortSignal: undefined };

function optionsFor(client: object): object {
  const { _commandOptions, options } = client as {
    _commandOptions?: { typeMapping?: unknown; abortSignal?: unknown };
    options?: { commandOptions?: { typeMapping?: unknown; abortSignal?: unknown } };
  };
  const set = _commandOptions ?? options?.commandOptions;
  return set?.typeMapping === undefined && set?.abortSignal === undefined ? UNTIMED : PLAIN;
}

/** One connection of node-redis, or its pool. */
export class NodeRedis implements RedisDriver {
  readonly kind = 'node-redis';
  readonly #client: NodeRedisClient;
  readonly #options: object;

  constructor(client: NodeRedisClient) {
    this.#client = client;
    this.#options = optionsFor(client);
  }

  get ready(): boolean {
    return this.#client.isReady ?? this.#client.isOpen;
  }

  send(_key: string, args: string[]): Promise<unknown> {
    return this.#client.sendCommand(args, this.#options);
  }

  sendAndWait(_key: string, args: string[], wait: string[]): Promise<[unknown, unknown]> {
    return pair(this.#client.sendCommand(args, this.#options), this.#client.sendCommand(wait, this.#options));
  }

  getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    return this.#client.sendCommand(['MGET', ...keys], this.#options) as Promise<unknown[]>;
  }

  masters(): RedisNode[] {
    return [{ address: '', send: (args) => this.#client.sendCommand(args, this.#options) }];
  }
}

/** A cluster of node-redis. Commands of one turn to one node share a write to its socket. */
export class NodeRedisClusterDriver implements RedisDriver {
  readonly kind = 'node-redis cluster';
  readonly #cluster: NodeRedisCluster;
  readonly #options: object;

  constructor(cluster: NodeRedisCluster) {
    this.#cluster = cluster;
    this.#options = optionsFor(cluster);
  }

  get ready(): boolean {
    return this.#cluster.isOpen;
  }

  send(key: string, args: string[]): Promise<unknown> {
    return this.#cluster.sendCommand(key, false, args, this.#options);
  }

  async sendAndWait(key: string, args: string[], wait: string[]): Promise<[unknown, unknown]> {
    const master = this.#cluster.slots[slotOf(key)]?.master;
    if (master === undefined) return [await this.send(key, args), 0];
    const client = await this.#cluster.nodeClient(master);
    try {
      return await pair(client.sendCommand(args, this.#options), client.sendCommand(wait, this.#options));
    } catch (error) {
      // Only a command that the cluster itself routes makes it learn where the slot went.
      if (error instanceof Error && /^(MOVED|ASK) /.test(error.message)) await this.send(key, ['EXISTS', key]);
      throw error;
    }
  }

  getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    return Promise.all(keys.map((key) => this.send(key, ['GET', key]).catch((error: unknown) => error)));
  }

  nodeOf(key: string): string {
    return this.#cluster.slots[slotOf(key)]?.master.address ?? '';
  }

  async masters(): Promise<RedisNode[]> {
    return this.#cluster.masters.map((node) => ({
      address: node.address,
      send: async (args) => (await this.#cluster.nodeClient(node)).sendCommand(args, this.#options),
    }));
  }
}

/** The primary that sentinels name, by node-redis. */
export class NodeRedisSentinelDriver implements RedisDriver {
  readonly kind = 'node-redis sentinel';
  readonly #sentinel: NodeRedisSentinel;
  readonly #options: object;
  readonly #ours: boolean;

  /** @param ours it has a connection of its own (`reserveClient`), and commands of one turn go out on it in their order */
  constructor(sentinel: NodeRedisSentinel, ours: boolean) {
    this.#sentinel = sentinel;
    this.#options = PLAIN;
    this.#ours = ours;
  }

  get ready(): boolean {
    return this.#sentinel.isReady;
  }

  send(_key: string, args: string[]): Promise<unknown> {
    return this.#sentinel.sendCommand(false, args, this.#options);
  }

  sendAndWait(_key: string, args: string[], wait: string[]): Promise<[unknown, unknown]> {
    const both = (on: NodeRedisLease): Promise<[unknown, unknown]> =>
      pair(on.sendCommand(false, args, this.#options), on.sendCommand(false, wait, this.#options));
    return this.#ours ? both(this.#sentinel) : this.#sentinel.use(both);
  }

  getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    return this.#sentinel.sendCommand(false, ['MGET', ...keys], this.#options) as Promise<unknown[]>;
  }

  masters(): RedisNode[] {
    return [{ address: '', send: (args) => this.#sentinel.sendCommand(false, args, this.#options) }];
  }
}

/** Both answers. Where the first fails, the second must not count as an unhandled rejection. */
async function pair(first: Promise<unknown>, second: Promise<unknown>): Promise<[unknown, unknown]> {
  second.catch(() => undefined);
  return [await first, await second];
}
