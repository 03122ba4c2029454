import { join } from 'node:path';
import type { Store } from '../../src/store/contract.ts';
import { createTable, openPostgres } from '../../src/store/postgres.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { testDrivers } from '../../test/store/drivers.ts';
import { startPostgres } from '../../test/support/servers/postgres.ts';

/** A store full of what nobody comes back for. */
export interface FullStore {
  readonly store: Store;
  /** How many records are there. */
  count(): Promise<number>;
  stop(): Promise<void>;
}

/** As long as a small session is. */
const DOCUMENT = JSON.stringify({ cart: ['tea', 'milk'], text: 'x'.repeat(200), '~': { v: 1 } });

/** With the server's own settings: what is answered is on the disk. */
export async function fullPostgres(expired: number): Promise<FullStore> {
  const server = await startPostgres({ settings: { fsync: 'on' } });
  await createTable({ url: server.url });
  await server.sql(
    `INSERT INTO coatcheck_sessions
      SELECT encode(sha256(n::text::bytea), 'hex'), '${DOCUMENT}', gen_random_uuid(), now() - n * interval '1 ms' - interval '1 h',
        CASE WHEN n % 2 = 0 THEN encode(sha256((n / 10)::text::bytea), 'hex') END, CASE WHEN n % 2 = 0 THEN now() END
      FROM generate_series(1, ${expired}) AS n`,
    'app',
  );
  // What filling left to be done is no part of the sweep.
  await server.sql('VACUUM ANALYZE coatcheck_sessions', 'app');
  await server.sql('CHECKPOINT');
  const store = await openPostgres({ url: server.url });
  return {
    store,
    count: async () => Number((await server.sql('SELECT count(*) AS n FROM coatcheck_sessions', 'app'))[0]?.n),
    async stop() {
      await store.close?.();
      await server.stop();
    },
  };
}

/** In a file of the folder, by the first driver there is. */
export async function fullSqlite(expired: number, folder: string): Promise<FullStore> {
  const file = join(folder, `${expired}.db`);
  const store = await openSqlite({ database: file });
  const driver = (await testDrivers()).find(({ missing }) => missing === undefined);
  if (driver === undefined) throw new Error('There is no driver of SQLite.');
  const database = driver.open(file);
  const later = Date.now() - 3_600_000;
  database
    .prepare(
      `INSERT INTO coatcheck_sessions (key, document, is_text, version, expires_at, owner, owner_until)
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
        SELECT lower(hex(randomblob(32))), ?, 1, lower(hex(randomblob(16))), ? - n,
          iif(n % 2 = 0, lower(hex(randomblob(32))), NULL), iif(n % 2 = 0, ?, NULL) FROM numbers`,
    )
    .run(expired, DOCUMENT, later, later);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  return {
    store,
    async count() {
      const counter = driver.open(file);
      const { n } = counter.prepare('SELECT count(*) AS n FROM coatcheck_sessions').get() as { n: number };
      counter.close();
      return n;
    },
    stop: async () => store.close?.(),
  };
}
