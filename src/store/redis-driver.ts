import type { ClientKind } from './redis-client.ts';

/** Which library the client is of must not be seen beyond this. */
export interface RedisDriver {
  readonly kind: ClientKind;
  /** Whether a command would be sent at once, and not kept until there is a connection again. */
  readonly ready: boolean;
  /** One command for one key, to the primary that has it. */
  send(key: string, args: string[]): Promise<unknown>;
  /** A writing command, and WAIT behind it on the same connection. What WAIT counted, with the answer in front. */
  sendAndWait(key: string, args: string[], wait: string[]): Promise<readonly [unknown, unknown]>;
  /** What GET would answer for each key, in one round trip to each node; an error in place of a value harms no other. */
  getMany(keys: readonly string[]): Promise<readonly unknown[]>;
  /** Which node has the key, as far as the client knows; of a cluster. */
  nodeOf?(key: string): string;
  /** The primaries, each with its own name in the cluster. */
  masters(): readonly RedisNode[] | Promise<readonly RedisNode[]>;
}

export interface RedisNode {
  readonly address: string;
  send(args: string[]): Promise<unknown>;
}
