import { join } from 'node:path';
import { createTable } from '../../src/store/postgres.ts';
import { startRedis } from '../../test/support/redis.ts';
import { startPostgres } from '../../test/support/servers/postgres.ts';

/** The stores between which sessions are moved. */
export const KINDS = ['Redis', 'PostgreSQL', 'SQLite', 'files'] as const;

export type Kind = (typeof KINDS)[number];

export interface Places {
  /** The URL of a new empty store. */
  fresh(kind: Kind): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts what the stores need; those that are files are in the folder.
 *
 * @param fsync whether PostgreSQL has on the disk what it has answered, as it does by itself
 */
export async function openPlaces(folder: string, fsync: 'on' | 'off'): Promise<Places> {
  const redis = await startRedis({ args: ['--databases', '100'] });
  const postgres = await startPostgres({ settings: { fsync } });
  let opened = 0;
  return {
    async fresh(kind) {
      const n = opened++;
      switch (kind) {
        case 'Redis':
          return `${redis.url}/${n}`;
        case 'PostgreSQL': {
          const url = await postgres.database();
          await createTable({ url });
          return url;
        }
        case 'SQLite':
          return `sqlite:${join(folder, `${n}.db`)}`;
        case 'files':
          return `file:${join(folder, `files-${n}`)}`;
      }
    },
    async stop() {
      await redis.stop();
      await postgres.stop();
    },
  };
}
