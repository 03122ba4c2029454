import { Client, Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { createTable, openPostgres, type PostgresStoreOptions, schemaOf } from '../../src/store/postgres.ts';
import { storeFromUrl } from '../../src/url.ts';
import { type Postgres, postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import { called } from '../support/servers/program.ts';

const KEY = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const NAME = 'c'.repeat(64);
const LATER = 4_000_000_000_123;

describe.skipIf(postgresMissing !== undefined)(called('the table in PostgreSQL', postgresMissing), () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.stop());

  /** A new database, and a way to look into it. */
  const newDatabase = async (): Promise<{ url: string; ask: (sql: string) => Promise<Record<string, unknown>[]> }> => {
    const url = await server.database();
    const name = url.slice(url.lastIndexOf('/') + 1);
    return { url, ask: (sql) => server.sql(sql, name) };
  };
  const opened = async (options: PostgresStoreOptions): Promise<Store> => {
    const store = await openPostgres(options);
    onTestFinished(() => store.close?.());
    return store;
  };

  describe('what stands in it', () => {
    test('a record is one row that anybody can read', async () => {
      const { url, ask } = await newDatabase();
      const store = await opened({ url, createTable: 'json' });
      const created = await store.create(KEY, '{"cart": ["tea"] }', LATER, { name: NAME, until: LATER + 7 });
      const [row] = await ask("SELECT *, document->'cart' AS cart FROM coatcheck_sessions");
      expect(row).toEqual({
        key: KEY,
        document: { cart: ['tea'] },
        version: created.result === 'ok' ? created.version : '',
        expires_at: new Date(LATER),
        owner: NAME,
        owner_until: new Date(LATER + 7),
        cart: ['tea'],
      });
      expect((await store.read(KEY))?.document).toBe('{"cart": ["tea"] }');
      expect(await ask('SELECT * FROM coatcheck_schema')).toEqual([
        { name: 'coatcheck_sessions', version: 1, document: 'json' },
      ]);
    });

    test('as bytes a document stands in bytea, and beside it whether it is a text', async () => {
      const { url, ask } = await newDatabase();
      const store = await opened({ url, createTable: 'bytes' });
      await store.create(KEY, 'é', LATER);
      await store.create(OTHER, Uint8Array.of(0, 255), LATER);
      expect(await ask('SELECT document, is_text FROM coatcheck_sessions ORDER BY key')).toEqual([
        { document: Buffer.from('é'), is_text: true },
        { document: Buffer.from([0, 255]), is_text: false },
      ]);
      await ask("ALTER ROLE app SET bytea_output = 'escape'");
      onTestFinished(() => ask('ALTER ROLE app RESET bytea_output').then(() => undefined));
      const other = await opened({ url });
      expect((await other.read(OTHER))?.document).toEqual(Uint8Array.of(0, 255));
    });

    test.each([0, 1, 1.5, LATER, 253_402_300_800_000, 8.64e15 - 1, 8.64e15])(
      'an expiry of %d ms comes back as it was given, rounded up to a millisecond',
      async (expiresAt) => {
        const { url } = await newDatabase();
        const store = await opened({ url, createTable: 'json' });
        await store.create(KEY, '{}', expiresAt, { name: NAME, until: expiresAt });
        const whole = Math.ceil(expiresAt);
        expect(await store.read(KEY)).toMatchObject({ expiresAt: whole, owner: { until: whole } });
      },
    );

    test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 2])(
      '%d is no time, and nothing is written',
      async (at) => {
        const { url } = await newDatabase();
        const store = await opened({ url, createTable: 'json' });
        const error = { code: 'OPTION_INVALID', outcome: 'none' };
        await expect(store.create(KEY, '{}', at)).rejects.toMatchObject(error);
        await expect(store.put(KEY, '{}', LATER, { name: NAME, until: at })).rejects.toMatchObject(error);
        await expect(store.touch(KEY, '', at)).rejects.toMatchObject(error);
        expect(await store.read(KEY)).toBeUndefined();
      },
    );

    test('what only looks like JSON is kept all the same, in every verb that writes', async () => {
      const { url } = await newDatabase();
      const store = await opened({ url, createTable: 'json' });
      const broken = ['{broken', '{"a":\0}', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`];
      for (const [at, document] of broken.entries()) {
        const key = `${at}`.padStart(64, '0');
        const made = await store.create(key, document, LATER);
        expect((await store.read(key))?.document).toBe(document);
        const version = made.result === 'ok' ? made.version : '';
        expect((await store.update(key, version, `${document}!`, LATER)).result).toBe('ok');
        expect((await store.read(key))?.document).toBe(`${document}!`);
        await store.put(key, document, LATER);
        expect((await store.read(key))?.document).toBe(document);
      }
    });

    test('names and documents are data, whatever their letters', async () => {
      const { url } = await newDatabase();
      const store = await opened({ url, createTable: 'json' });
      const hostile = `'"; DROP TABLE coatcheck_sessions; -- %_*{},\\`;
      await store.create(hostile, hostile, LATER, { name: hostile, until: LATER });
      expect(await store.listOwned?.(hostile)).toEqual([hostile]);
      expect(await store.readMany?.([hostile])).toMatchObject([{ document: hostile, owner: { name: hostile } }]);
    });

    test('a version that no coatcheck gave is another one', async () => {
      const { url } = await newDatabase();
      const store = await opened({ url, createTable: 'json' });
      await store.create(KEY, '{}', LATER);
      for (const version of ['', 'x', 7]) {
        expect((await store.update(KEY, version, '{"a":1}', LATER)).result).toBe('conflict');
        expect(await store.touch(KEY, version, LATER + 1)).toBe(false);
      }
    });

    test('a row that somebody else wrote is an error of that record alone', async () => {
      const { url, ask } = await newDatabase();
      const store = await opened({ url, createTable: 'json' });
      await store.create(KEY, '{}', LATER);
      for (const document of ['[1]', '{"~text":1}']) {
        await ask(`INSERT INTO coatcheck_sessions VALUES ('${OTHER}', '${document}', gen_random_uuid(), now())
          ON CONFLICT (key) DO UPDATE SET document = excluded.document`);
        const error = { code: 'STORE_FAILED', outcome: 'none', retryable: false };
        await expect(store.read(OTHER)).rejects.toMatchObject(error);
        await expect(store.read(OTHER)).rejects.toThrow(/PostgreSQL store, read: .*no record of coatcheck/);
        const [mine, theirs, none] = (await store.readMany?.([KEY, OTHER, NAME])) ?? [];
        expect([mine, theirs, none]).toMatchObject([{ document: '{}' }, error, undefined]);
      }
      expect((await store.read(KEY))?.document).toBe('{}');
      expect(await store.destroy(OTHER)).toBe(true);
    });

    test('a sweep passes over rows that somebody holds, and waits for nobody', async () => {
      const { url } = await newDatabase();
      const store = await opened({ url, createTable: 'json' });
      for (const key of [KEY, OTHER]) await store.create(key, '{}', 1000);
      const other = new Client(url);
      await other.connect();
      onTestFinished(() => other.end());
      await other.query('BEGIN');
      await other.query('SELECT * FROM coatcheck_sessions WHERE key = $1 FOR UPDATE', [KEY]);
      expect(await store.sweep?.(1000.7, 10)).toBe(1);
      await other.query('UPDATE coatcheck_sessions SET expires_at = $2 WHERE key = $1', [KEY, new Date(LATER)]);
      await other.query('COMMIT');
      expect(await store.sweep?.(2000, 10)).toBe(0);
      expect(await store.read(KEY)).toMatchObject({ expiresAt: LATER });
    });

    test('a sweep that goes on where the last one was comes back for what it left behind', async () => {
      const { url } = await newDatabase();
      const store = await opened({ url, createTable: 'json' });
      for (let at = 1; at <= 5; at++) await store.create(`${at}`.repeat(64), '{}', 1000 + at);
      const other = new Client(url);
      await other.connect();
      onTestFinished(() => other.end());
      await other.query('BEGIN');
      await other.query('SELECT * FROM coatcheck_sessions WHERE key = $1 FOR UPDATE', ['1'.repeat(64)]);
      expect(await store.sweep?.(2000, 2)).toBe(2);
      await other.query('COMMIT');
      await store.create(KEY, '{}', 500);
      expect(await store.sweep?.(2000, 2)).toBe(2);
      expect(await store.sweep?.(2000, 2)).toBe(2);
      expect(await store.sweep?.(2000, 2)).toBe(0);
    });

    test('a sweep finds what is expired by its index, and owners by theirs', async () => {
      const { url, ask } = await newDatabase();
      await createTable({ url });
      const indexes = await ask("SELECT indexdef FROM pg_indexes WHERE tablename = 'coatcheck_sessions'");
      expect(indexes.map(({ indexdef }) => String(indexdef).replace(/.* USING btree /, '')).sort()).toEqual([
        '(expires_at)',
        '(key)',
        '(owner) WHERE (owner IS NOT NULL)',
      ]);
    });
  });

  describe('making it', () => {
    test('twice, and by four at once, makes one and loses nothing', async () => {
      const { url } = await newDatabase();
      await Promise.all([0, 1, 2, 3].map(() => createTable({ url })));
      const store = await opened({ url });
      await store.create(KEY, '{}', LATER);
      await createTable({ url, document: 'json' });
      await opened({ url, createTable: 'json' });
      expect((await store.read(KEY))?.document).toBe('{}');
    });

    test('by hand is running what schemaOf says', async () => {
      for (const document of ['json', 'bytes'] as const) {
        const { url, ask } = await newDatabase();
        await ask(`CREATE SCHEMA web; ${schemaOf({ schema: 'web', table: 'coats', document })}
          GRANT USAGE ON SCHEMA web TO app; GRANT SELECT ON web.coatcheck_schema TO app;
          GRANT SELECT, INSERT, UPDATE, DELETE ON web.coats TO app`);
        const store = await opened({ url, schema: 'web', table: 'coats' });
        await store.create(KEY, '{}', LATER, { name: NAME, until: LATER });
        expect(await store.listOwned?.(NAME)).toEqual([KEY]);
        await expect(openPostgres({ url })).rejects.toThrow(/no table coatcheck_sessions/);
      }
    });

    test('in a schema that is missing, or without the right to, fails with what to do', async () => {
      const { url } = await newDatabase();
      await expect(createTable({ url, schema: 'web' })).rejects.toThrow(/createTable: there is no such schema/);
      const other = url.replace(/app_\d+$/, 'postgres');
      await expect(createTable({ url: other })).rejects.toThrow(/may not do that: docs\/stores\/postgres\.md/);
    });

    test('beside a table of another role wants SELECT, INSERT and UPDATE on its coatcheck_schema, and no less', async () => {
      const { url, ask } = await newDatabase();
      await ask(`CREATE SCHEMA web; ${schemaOf({ schema: 'web' })} GRANT USAGE, CREATE ON SCHEMA web TO app`);
      const coats = { url, schema: 'web', table: 'coats' };
      for (const right of ['SELECT', 'INSERT', 'UPDATE']) {
        await expect(createTable(coats), right).rejects.toThrow(/may not do that: docs\/stores\/postgres\.md/);
        await ask(`GRANT ${right} ON web.coatcheck_schema TO app`);
      }
      await createTable(coats);
      const names = await ask('SELECT name FROM web.coatcheck_schema ORDER BY name');
      expect(names.map(({ name }) => name)).toEqual(['coatcheck_sessions', 'coats']);
    });

    test('in the other form is refused, and so is a table of somebody else', async () => {
      const { url, ask } = await newDatabase();
      await createTable({ url, document: 'bytes' });
      await expect(createTable({ url })).rejects.toThrow(/keeps documents as bytes, not as json/);
      await expect(openPostgres({ url, createTable: 'json' })).rejects.toThrow(/Write 'bytes'/);
      await ask('CREATE TABLE theirs (id int)');
      await expect(createTable({ url, table: 'theirs' })).rejects.toThrow(
        /theirs is there and was not made by coatcheck/,
      );
      expect(await ask("SELECT name FROM coatcheck_schema WHERE name = 'theirs'")).toEqual([]);
    });

    test('with a name of 63 letters, several in one schema, and the same in two', async () => {
      const { url, ask } = await newDatabase();
      await ask('CREATE SCHEMA one AUTHORIZATION app; CREATE SCHEMA two AUTHORIZATION app');
      const [long, longer] = ['a'.repeat(63), `${'a'.repeat(62)}b`];
      const stores = [
        await opened({ url, table: long, createTable: 'json' }),
        await opened({ url, table: longer, createTable: 'bytes' }),
        await opened({ url, table: 'Same', schema: 'one', createTable: 'json' }),
        await opened({ url, table: 'Same', schema: 'two', createTable: 'bytes' }),
      ];
      for (const [at, store] of stores.entries()) await store.create(KEY, `{"n":${at}}`, LATER);
      for (const [at, store] of stores.entries()) expect((await store.read(KEY))?.document).toBe(`{"n":${at}}`);
    });

    test('is refused where a newer coatcheck made it, and done where only its number was left', async () => {
      const { url, ask } = await newDatabase();
      await createTable({ url });
      await ask('UPDATE coatcheck_schema SET version = 2');
      await expect(openPostgres({ url })).rejects.toThrow(/a newer coatcheck made the table coatcheck_sessions/);
      await expect(createTable({ url })).rejects.toThrow(/newer coatcheck/);
      await ask('DROP TABLE coatcheck_sessions');
      await expect(openPostgres({ url })).rejects.toThrow(/no table/);
      await createTable({ url, document: 'bytes' });
      const store = await opened({ url, createTable: 'bytes' });
      await store.put(KEY, Uint8Array.of(1), LATER);
      expect((await store.read(KEY))?.document).toEqual(Uint8Array.of(1));
    });
  });

  describe('by URL', () => {
    test('table and schema go beside it', async () => {
      const { url, ask } = await newDatabase();
      await ask('CREATE SCHEMA web AUTHORIZATION app');
      await createTable({ url, schema: 'web', table: 'coats' });
      for (const scheme of [
        'postgres',
        'postgresql',
        'postgresql+psycopg2',
        'postgresql+asyncpg',
        'postgresql+psycopg',
      ]) {
        const store = await storeFromUrl(url.replace('postgres', scheme), { schema: 'web', table: 'coats' });
        await store.put(KEY, '{}', LATER);
        await store.close?.();
      }
      await expect(storeFromUrl('memory:', { table: 'coats' })).rejects.toThrow(/has no table/);
      await expect(storeFromUrl('sqlite::memory:', { schema: 'coats' })).rejects.toThrow(/has no schema/);
    });

    test.each([
      'postgres://',
      'mysql://a/b',
      'postgres://a:geheim@b:port/c',
      'socket:geheim',
      ' postgres://geheim@a/b',
    ])('%j is refused, and not repeated', async (url) => {
      const error = await openPostgres({ url }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: expect.stringMatching(/^STORE_(URL_INVALID|FAILED)$/) });
      expect(`${error} ${(error as Error).cause}`).not.toContain('geheim');
    });

    test.each([
      ['sslrootcert=/nonexistent/ca.pem', /sslrootcert, sslcert or sslkey/],
      ['sslmode=require&sslcert=/nonexistent/cert.pem', /sslrootcert, sslcert or sslkey/],
      ['sslmode=verify-ca&uselibpqcompat=true', /parameters of the URL/],
    ])('?%s is an error that says where to look', async (query, message) => {
      const error = await openPostgres({ url: `postgres://ann:geheim@127.0.0.1/app?${query}` }).catch(
        (thrown: unknown) => thrown,
      );
      const told = { code: 'STORE_FAILED', retryable: false, outcome: 'none' };
      expect(error).toMatchObject({ ...told, message: expect.stringMatching(message) });
      expect(`${error} ${(error as Error).cause}`).not.toMatch(/geheim|nonexistent/);
    });

    test('calls that wait for a connection of ours when the store is closed are told so', async () => {
      const { url, ask } = await newDatabase();
      const store = await openPostgres({ url, createTable: 'json' });
      const name = url.slice(url.lastIndexOf('/') + 1);
      const holder = new Client({
        host: '127.0.0.1',
        port: server.port,
        user: 'postgres',
        password: 'meister',
        database: name,
      });
      await holder.connect();
      onTestFinished(() => holder.end());
      await holder.query('BEGIN; LOCK TABLE coatcheck_sessions');
      // Ours has ten connections; the last of these has none.
      const calls = Array.from({ length: 11 }, (_, at) => store.read(`${at}`).catch((thrown: unknown) => thrown));
      await expect.poll(() => ask("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).toHaveLength(10);
      await store.close?.();
      const error = await calls.at(-1);
      expect(error).toMatchObject({ code: 'STORE_FAILED', retryable: false, outcome: 'none' });
      expect(String(error)).toMatch(/read: the store was closed/);
      await holder.query('ROLLBACK');
      await Promise.all(calls);
    });

    test('a pool of ours holds no process open, and is closed with the store', async () => {
      const { url, ask } = await newDatabase();
      const store = await openPostgres({ url, createTable: 'json' });
      await store.read(KEY);
      await store.close?.();
      await store.close?.();
      const error = { code: 'STORE_FAILED', retryable: false, outcome: 'none' };
      await expect(store.put(KEY, '{}', LATER)).rejects.toMatchObject(error);
      await expect(store.read(KEY)).rejects.toThrow(/read: the store was closed/);
      const count = "SELECT 1 FROM pg_stat_activity WHERE usename = 'app' AND datname = current_database()";
      await expect.poll(() => ask(count)).toEqual([]);
    });
  });

  describe('options', () => {
    const url = 'postgres://app@127.0.0.1/app';

    test.each(['', 'a b', 'x"; DROP TABLE y', '1a', 'a'.repeat(64), 'pg_x', 'coatcheck_schema', 'é', 5])(
      'a table or schema called %j is refused',
      async (name) => {
        for (const options of [{ table: name }, { schema: name }]) {
          const given = options as { table?: string };
          await expect(openPostgres({ url, ...given })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
          expect(() => schemaOf(given)).toThrow(/must begin with a letter/);
        }
      },
    );

    test.each([
      [{}, /either `pool` or `url`/],
      [{ url, pool: {} }, /either `pool` or `url`/],
      [{ url, createTable: true }, /`createTable` is 'json' or 'bytes'/],
      [{ pool: {} }, /must be a Pool of pg/],
      [{ pool: new Client() }, /must be a Pool of pg, no Client/],
      [{ url, tableName: 'x' }, /is called table/],
      [{ url, createTableIfMissing: true }, /createTable: 'json'/],
      [{ conString: url }, /stands in url/],
      [{ client: {} }, /Give a pool/],
      [{ url, document: 'json' }, /said when the table is made/],
      [{ url, pruneSessionInterval: 60 }, /sweep: '10m'/],
    ])('%j is refused', async (options, message) => {
      await expect(openPostgres(options as PostgresStoreOptions)).rejects.toThrow(message);
    });

    test('a pool that cannot be had is told, and so is a client out of a pool', async () => {
      const pool = new Pool({ connectionString: (await newDatabase()).url });
      onTestFinished(() => pool.end());
      const client = await pool.connect();
      await expect(openPostgres({ pool: client as unknown as Pool })).rejects.toThrow(/no Client/);
      client.release();
      const rejected = openPostgres({ pool: Promise.reject(new Error('no vault')) });
      await expect(rejected).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'none' });
    });
  });
});
