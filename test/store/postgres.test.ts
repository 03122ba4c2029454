import { Pool } from 'pg';
import { afterAll, describe, test } from 'vitest';
import { createTable, openPostgres } from '../../src/store/postgres.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { called } from '../support/redis.ts';
import { postgresMissing, startPostgres } from '../support/servers/postgres.ts';

const runner = { test, skip: test.skip };

if (postgresMissing !== undefined) {
  describe.skip(called('the store suite on PostgreSQL', postgresMissing), () => test('runs', () => undefined));
} else {
  const server = await startPostgres();
  afterAll(() => server.stop());
  const pools: Pool[] = [];
  afterAll(() => Promise.all(pools.map((pool) => pool.end())));

  for (const document of ['json', 'bytes'] as const) {
    const url = await server.database();
    await createTable({ url, document });
    await testStore(`postgres, ${document}, by url`, () => openPostgres({ url }), runner);

    const pool = new Pool({ connectionString: url, max: 3 });
    pools.push(pool);
    await testStore(`postgres, ${document}, a pool of three connections`, () => openPostgres({ pool }), runner);
  }
}
