import { expect, onTestFinished, test } from 'vitest';
import { sessionsFromEnv } from '../../src/env/index.ts';
import { createTable } from '../../src/store/postgres.ts';
import { postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import { called } from '../support/servers/program.ts';

test.skipIf(postgresMissing !== undefined)(
  called('the PostgreSQL of the settings holds the records, in the table and schema that they name', postgresMissing),
  { timeout: 60_000 },
  async () => {
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    await server.sql('CREATE SCHEMA web AUTHORIZATION app', 'app');
    await createTable({ url: server.url, schema: 'web', table: 'coats' });
    const place = { SESSION_POSTGRESQL_TABLE: 'coats', SESSION_POSTGRESQL_SCHEMA: 'web' };
    const env = { SESSION_TYPE: 'postgresql', SESSION_URI: server.url, ...place };
    const sessions = await sessionsFromEnv(env, { needs: 'store' });
    await sessions.ready();
    await sessions.backend.set('a', 1);
    await sessions.close();
    expect(await server.sql('SELECT count(*)::int AS n FROM web.coats', 'app')).toEqual([{ n: 1 }]);
    const sqlalchemy = { SESSION_SQLALCHEMY_TABLE: 'coats', SESSION_SQLALCHEMY_SCHEMA: 'web' };
    const uri = server.url.replace('postgres:', 'postgresql+psycopg2:');
    const again = await sessionsFromEnv(
      { SESSION_TYPE: 'sqlalchemy', SESSION_URI: uri, ...sqlalchemy },
      { needs: 'store' },
    );
    expect(await again.backend.get('a')).toBe(1);
    await again.close();
  },
);
