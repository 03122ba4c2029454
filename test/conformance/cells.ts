import { describe, test } from 'vitest';
import { datastoreNowhere } from '../support/servers/datastore.ts';
import { memcachedMissing } from '../support/servers/memcached.ts';
import { mongodbNowhere } from '../support/servers/mongodb.ts';
import { mysqlMissing } from '../support/servers/mysql.ts';
import { postgresMissing } from '../support/servers/postgres.ts';
import { called } from '../support/servers/program.ts';
import { redisMissing, valkeyMissing } from './stores.ts';

/** An adapter on a kind of store, and why the store's server is not here. */
export type Cell = readonly [adapter: string, store: string, missing?: string | undefined];

export const ADAPTERS = ['express', 'node', 'fetch'] as const;

/** Every adapter on the commonest kinds of store. */
export const CELLS: readonly Cell[] = ADAPTERS.flatMap((adapter): Cell[] => [
  [adapter, 'memory'],
  [adapter, 'sqlite'],
  [adapter, 'redis', redisMissing],
]);

/** The ways to Redis beside the common one, each with one adapter. */
export const REDIS_CELLS: readonly Cell[] = [
  ['express', 'redis by ioredis', redisMissing],
  ['node', 'a Redis Cluster', redisMissing],
  ['fetch', 'a Redis Cluster by ioredis', redisMissing],
  ['express', 'Redis Sentinel', redisMissing],
  ['node', 'Redis Sentinel by ioredis', redisMissing],
  ['fetch', 'valkey', valkeyMissing],
];

/** The stores beside these, each with one adapter. */
export const MORE_CELLS: readonly Cell[] = [
  ['node', 'dynamodb'],
  ['fetch', 'datastore', datastoreNowhere],
  ['express', 'files'],
  ['fetch', 'memcached', memcachedMissing],
  ['express', 'three memcacheds', memcachedMissing],
  ['fetch', 'mongodb', mongodbNowhere],
  ['node', 'mysql', mysqlMissing],
  ['express', 'mysql as JSON', mysqlMissing],
  ['node', 'postgres', postgresMissing],
  ['fetch', 'postgres as bytes', postgresMissing],
];

/** Describes the same for each cell. One whose server is not here is skipped, and its name says why. */
export function describeCells(cells: readonly Cell[], tests: (adapter: string, store: string) => void): void {
  for (const [adapter, store, missing] of cells) {
    describe.skipIf(missing !== undefined)(called(`${adapter} over ${store}`, missing), () => tests(adapter, store));
  }
}

/** The same for one test. */
export function testCells(
  cells: readonly Cell[],
  what: string,
  run: (adapter: string, store: string) => Promise<void>,
  timeout?: number,
): void {
  for (const [adapter, store, missing] of cells) {
    const name = called(`${adapter} over ${store}: ${what}`, missing);
    test.skipIf(missing !== undefined)(name, { ...(timeout !== undefined && { timeout }) }, () => run(adapter, store));
  }
}
