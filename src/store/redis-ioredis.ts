import type { IoRedisClient, IoRedisCluster } from './redis-client.ts';
import type { RedisDriver, RedisNode } from './redis-driver.ts';
import { slotOf } from './redis-slot.ts';

/** One connection of ioredis or iovalkey, also one that sentinels lead. */
export class IoRedis implements RedisDriver {
  readonly kind = 'ioredis';
  readonly #client: IoRedisClient;

  constructor(client: IoRedisClient) {
    this.#client = client;
  }

  get ready(): boolean {
    return this.#client.status === 'ready';
  }

  send(_key: string, args: string[]): Promise<unknown> {
    return this.#client.call(...(args as [string]));
  }

  sendAndWait(_key: string, args: string[], wait: string[]): Promise<[unknown, unknown]> {
    const written = this.#client.call(...(args as [string]));
    const waited = this.#client.call(...(wait as [string]));
    waited.catch(() => undefined);
    return written.then((answer) => waited.then((count) => [answer, count]));
  }

  getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    return this.#client.call('MGET', ...keys) as Promise<unknown[]>;
  }

  masters(): RedisNode[] {
    return [{ address: '', send: (args) => this.#client.call(...(args as [string])) }];
  }
}

/** How a pipeline fails while slots move from one node to another. */
const MOVING = /^(MOVED|ASK|TRYAGAIN) |slots allocation group/;

const asValue = (error: unknown): unknown => error;

/** A cluster of ioredis or iovalkey. */
export class IoRedisClusterDriver implements RedisDriver {
  readonly kind = 'ioredis cluster';
  readonly #cluster: IoRedisCluster;

  constructor(cluster: IoRedisCluster) {
    this.#cluster = cluster;
  }

  get ready(): boolean {
    return this.#cluster.status === 'ready';
  }

  send(_key: string, args: string[]): Promise<unknown> {
    return this.#cluster.call(...(args as [string]));
  }

  async sendAndWait(key: string, args: string[], wait: string[]): Promise<[unknown, unknown]> {
    const answers = await this.#cluster
      .pipeline([
        ['call', ...args],
        ['call', ...wait],
      ])
      .exec();
    const [[failure, answer] = [], [waitFailure, count] = []] = answers ?? [];
    if (failure) {
      // Only a command by itself is led to where the slot went, and makes the cluster learn it.
      if (failure instanceof Error && MOVING.test(failure.message)) await this.send(key, ['EXISTS', key]);
      throw failure;
    }
    if (waitFailure) throw waitFailure;
    return [answer, count];
  }

  /** With its replicas: only slots of the same ones may stand in one pipeline. */
  nodeOf(key: string): string {
    return this.#cluster.slots[slotOf(key)]?.join() ?? '';
  }

  /** A command of its own is a write to the socket of its own here, so those for one node are put into a pipeline. */
  async getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    const groups = new Map<string, number[]>();
    for (const [i, key] of keys.entries()) {
      const nodes = this.nodeOf(key);
      const group = groups.get(nodes);
      if (group) group.push(i);
      else groups.set(nodes, [i]);
    }
    const values: unknown[] = new Array(keys.length);
    const ask = async (places: readonly number[]): Promise<void> => {
      const commands = places.map((i) => ['get', keys[i] as string]);
      const answers = await this.#cluster.pipeline(commands).exec();
      for (const [n, place] of places.entries()) {
        const [failure, value] = answers?.[n] ?? [new Error('The pipeline gave no answer.'), undefined];
        values[place] = failure ?? value;
      }
    };
    const fail = (places: readonly number[]) => (error: unknown) => {
      for (const place of places) values[place] = error;
    };
    await Promise.all([...groups.values()].map((places) => ask(places).catch(fail(places))));
    // As above.
    const led = (value: unknown, i: number): unknown =>
      value instanceof Error && MOVING.test(value.message)
        ? this.send('', ['GET', keys[i] as string]).catch(asValue)
        : value;
    return values.some((value) => value instanceof Error) ? Promise.all(values.map(led)) : values;
  }

  masters(): RedisNode[] {
    return this.#cluster.nodes('master').map((node) => {
      const { host, port } = node.options as { host?: string; port?: number };
      return { address: `${host}:${port}`, send: (args) => node.call(...(args as [string])) };
    });
  }
}
