import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, Pool, types } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { createTable, openPostgres } from '../../src/store/postgres.ts';
import { again } from '../../src/testing/store-cases/case.ts';
import { type ByteRelay, startByteRelay } from '../support/servers/byte-relay.ts';
import { type Postgres, postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import { called } from '../support/servers/program.ts';

const KEY = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const LATER = 4_000_000_000_123;

describe.skipIf(postgresMissing !== undefined)(called('PostgreSQL by a pool', postgresMissing), () => {
  let server: Postgres;
  let relay: ByteRelay;
  beforeAll(async () => {
    server = await startPostgres();
    await createTable({ url: server.url });
    relay = await startByteRelay(server.port);
  }, 60_000);
  afterAll(async () => {
    await relay.stop();
    await server.stop();
  });
  beforeEach(async () => {
    relay.heal();
    await server.sql('TRUNCATE coatcheck_sessions', 'app');
  });

  const newPool = (options: object = {}): Pool => {
    const pool = new Pool({ connectionString: server.url, ...options });
    pool.on('error', () => undefined);
    onTestFinished(() => pool.end());
    return pool;
  };
  const opened = async (options: Parameters<typeof openPostgres>[0]): Promise<Store> => {
    const store = await openPostgres(options);
    onTestFinished(() => store.close?.());
    return store;
  };
  const relayed = (): string => server.url.replace(`:${server.port}/`, `:${relay.port}/`);

  describe('of the user’s', () => {
    test('is used as it is, and stays open when the store is closed', async () => {
      const pool = newPool({ max: 2 });
      const store = await opened({ pool: Promise.resolve(pool) });
      await Promise.all(Array.from({ length: 20 }, (_, at) => store.put(`${at}`, '{}', LATER)));
      expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([2, 2, 0]);
      await store.close?.();
      expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    });

    test('never sees a statement of ours in a transaction of his own', async () => {
      const pool = newPool();
      const store = await opened({ pool });
      const client = await pool.connect();
      await client.query('BEGIN');
      await client.query("INSERT INTO coatcheck_sessions VALUES ('mine', '{}', gen_random_uuid(), now())");
      await store.put(KEY, '{}', LATER);
      await client.query('ROLLBACK');
      client.release();
      expect((await store.read(KEY))?.document).toBe('{}');
      expect(await store.read('mine')).toBeUndefined();
    });

    test('that got a connection back in the middle of a transaction loses it, and nothing is written there', async () => {
      const pool = newPool({ max: 1 });
      const store = await opened({ pool });
      const client = await pool.connect();
      await client.query('BEGIN');
      client.release();
      const error = await store.put(KEY, '{"n":1}', LATER).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'STORE_FAILED', outcome: 'none', retryable: true });
      expect(String(error)).toMatch(/in the middle of a transaction/);
      await store.put(KEY, '{"n":2}', LATER);
      const [row] = await server.sql('SELECT document FROM coatcheck_sessions', 'app');
      expect(row?.document).toEqual({ n: 2 });
    });

    test('may have parsers of types of its own, for all of it', async () => {
      const parsers = { getTypeParser: () => () => 'parsed' };
      const own = await opened({ pool: newPool({ types: parsers }) });
      const before = types.getTypeParser(114);
      types.setTypeParser(114, () => 'parsed');
      onTestFinished(() => types.setTypeParser(114, before));
      const all = await opened({ pool: newPool() });
      for (const store of [own, all]) {
        await store.put(KEY, '{}', LATER, { name: 'ann', until: LATER });
        expect(await store.read(KEY)).toMatchObject({ document: '{}', expiresAt: LATER, owner: { until: LATER } });
        expect((await store.scan?.(undefined, 9))?.entries).toEqual([{ key: KEY, expiresAt: LATER, owner: 'ann' }]);
      }
    });

    test('may have its own time zone, date style and interval style', async () => {
      const options = '-c timezone=America/St_Johns -c datestyle=German,DMY -c intervalstyle=sql_standard';
      const store = await opened({ pool: newPool({ options }) });
      for (const at of [LATER, 1_000, 1_301_799_600_001]) {
        await store.put(KEY, '{}', at);
        expect((await store.read(KEY))?.expiresAt).toBe(at);
      }
      expect(await store.sweep?.(1_301_799_600_000, 9)).toBe(0);
      expect(await store.sweep?.(1_301_799_600_001, 9)).toBe(1);
    });

    test('whose connections are all taken sends no write that its request has given up', async () => {
      const pool = newPool({ max: 1 });
      const store = await opened({ pool });
      const client = await pool.connect();
      const write = store.put(KEY, '{}', LATER).catch((thrown: unknown) => thrown);
      await sleep(2100);
      client.release();
      expect(await write).toMatchObject({ code: 'STORE_FAILED', outcome: 'none', retryable: true });
      expect(String(await write)).toMatch(/no connection of the pool was free within two seconds/);
      expect(await store.read(KEY)).toBeUndefined();
    });

    test('that keeps everybody waiting does not let the start hang', { timeout: 15_000 }, async () => {
      const pool = newPool({ max: 1 });
      const client = await pool.connect();
      await expect(openPostgres({ pool })).rejects.toThrow(/did not answer within five seconds/);
      client.release();
    });

    test('goes on without prepared statements where they are lost between two statements, as with an old PgBouncer', async () => {
      const pool = newPool({ max: 1 });
      const store = await opened({ pool });
      await store.put(KEY, '{"n":1}', LATER);
      const prepared = async (): Promise<number> =>
        Number((await pool.query('SELECT count(*) AS n FROM pg_prepared_statements')).rows[0].n);
      expect(await prepared()).toBeGreaterThan(0);
      await pool.query('DEALLOCATE ALL');
      await store.put(KEY, '{"n":2}', LATER);
      expect((await store.read(KEY))?.document).toBe('{"n":2}');
      expect(await prepared()).toBe(0);
    });

    test('goes on without them also where several statements find them lost at the same moment', async () => {
      const pool = newPool({ max: 4 });
      const store = await opened({ pool });
      const put = (n: number): Promise<unknown>[] =>
        Array.from({ length: 4 }, (_, at) => store.put(`${at}`, `{"n":${n}}`, LATER));
      await Promise.all(put(1));
      const clients = await Promise.all(Array.from({ length: 4 }, () => pool.connect()));
      for (const client of clients) await client.query('DEALLOCATE ALL');
      for (const client of clients) client.release();
      expect(pool.idleCount).toBe(4);
      await Promise.all(put(2));
      expect((await store.read('3'))?.document).toBe('{"n":2}');
    });

    test('leaves a connection that only reads, as after a failover, and goes on with another', async () => {
      const pool = newPool({ max: 1 });
      const store = await opened({ pool });
      await pool.query('SET default_transaction_read_only = on');
      const error = await store.put(KEY, '{}', LATER).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'STORE_FAILED',
        retryable: false,
        outcome: 'none',
        cause: { code: '25006' },
      });
      await store.put(KEY, '{}', LATER);
      expect((await store.read(KEY))?.document).toBe('{}');
    });

    test('where somebody prepared the same statement goes on as well', async () => {
      const pool = newPool({ max: 1 });
      const other = await opened({ pool });
      await other.put(KEY, '{"n":1}', LATER);
      const names = (await pool.query('SELECT name, statement FROM pg_prepared_statements')).rows;
      const client = new Client(server.url);
      await client.connect();
      onTestFinished(() => client.end().catch(() => undefined));
      for (const { name, statement } of names) await client.query(`PREPARE "${name}" AS ${statement}`);
      // A pool that gives a connection on which others were before.
      const shared = {
        totalCount: 1,
        connect: (give: (...args: unknown[]) => void) => give(undefined, client, () => undefined),
      };
      const store = await opened({ pool: shared as unknown as Pool });
      await store.put(KEY, '{"n":2}', LATER);
      expect((await store.read(KEY))?.document).toBe('{"n":2}');
    });

    test('is not harmed by a column more, and takes one connection for a table that was changed', async () => {
      await createTable({ url: server.url, table: 'changing' });
      const store = await opened({ pool: newPool({ max: 1 }), table: 'changing' });
      await store.put(KEY, '{}', LATER);
      await store.read(KEY);
      await server.sql('ALTER TABLE changing ADD COLUMN note text', 'app');
      expect((await store.read(KEY))?.document).toBe('{}');
      await server.sql('ALTER TABLE changing ALTER COLUMN version TYPE text', 'app');
      const error = { retryable: true, outcome: 'none' };
      await expect(store.read(KEY)).rejects.toMatchObject(error);
      expect((await store.read(KEY))?.document).toBe('{}');
    });
  });

  describe('says of an error what became of the call:', () => {
    test.each(['repeatable read', 'serializable'])(
      'at %s a conflict of transactions may be made again',
      async (level) => {
        const pool = newPool({ max: 4, options: `-c default_transaction_isolation=${level.replace(' ', '\\ ')}` });
        const store = await opened({ pool });
        const created = await store.create(KEY, '{"n":0}', LATER);
        const version = created.result === 'ok' ? created.version : '';
        const failures: unknown[] = [];
        const noting = (error: unknown): never => {
          failures.push(error);
          throw error;
        };
        const letGo = await server.hold('SELECT 1 FROM coatcheck_sessions FOR UPDATE');
        const updating = Promise.all(
          ['{"n":1}', '{"n":2}', '{"n":3}'].map((document) =>
            again(() => store.update(KEY, version, document, LATER).catch(noting)),
          ),
        );
        await server.waits(3);
        await letGo();
        const answers = await updating;
        expect(answers.filter(({ result }) => result === 'ok')).toHaveLength(1);
        expect(failures.length).toBeGreaterThan(0);
        for (const error of failures) expect(error).toMatchObject({ retryable: true, outcome: 'none' });
        // A refusal costs no connection.
        expect(pool.totalCount).toBe(3);
      },
    );

    test('one that is cancelled has written nothing, and may be made again', async () => {
      const store = await opened({ url: server.url });
      await store.put(KEY, '{"n":1}', LATER);
      const letGo = await server.hold('LOCK TABLE coatcheck_sessions');
      const write = store.put(KEY, '{"n":2}', LATER).catch((thrown: unknown) => thrown);
      await server.waits(1);
      await server.sql(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'app' AND state = 'active'",
      );
      expect(await write).toMatchObject({ code: 'STORE_FAILED', retryable: true, outcome: 'none' });
      expect(String(await write)).toMatch(/put: the statement was cancelled/);
      await letGo();
      expect((await store.read(KEY))?.document).toBe('{"n":1}');
    });

    test('a write whose answer is lost may have been done; a read has done nothing', async () => {
      const store = await opened({ url: relayed() });
      await store.put(KEY, '{"n":1}', LATER);
      relay.swallow((answer) => /INSERT 0|SELECT 1/.test(answer.toString('latin1')));
      await expect(store.put(KEY, '{"n":2}', LATER)).rejects.toMatchObject({ retryable: true, outcome: 'unknown' });
      await expect(store.read(KEY)).rejects.toMatchObject({ retryable: true, outcome: 'none' });
      relay.heal();
      expect((await store.read(KEY))?.document).toBe('{"n":2}');
    });

    test('a connection that is ended by an administrator in the middle of a write leaves it in doubt', async () => {
      const store = await opened({ url: server.url });
      await store.read(KEY);
      const letGo = await server.hold('LOCK TABLE coatcheck_sessions');
      const write = store.put(KEY, '{}', LATER).catch((thrown: unknown) => thrown);
      await server.waits(1);
      await server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'");
      expect(await write).toMatchObject({ retryable: true, outcome: 'unknown' });
      await letGo();
      expect(await store.read(KEY)).toBeUndefined();
    });

    test('a text that the encoding of the database cannot say is refused for good', async () => {
      await server.sql("CREATE DATABASE latin OWNER app ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
      const url = server.url.replace(/app$/, 'latin');
      const store = await opened({ url, createTable: 'json' });
      const error = { code: 'STORE_FAILED', retryable: false, outcome: 'none' };
      await expect(store.put(KEY, '{"a":"→"}', LATER)).rejects.toMatchObject(error);
      await expect(store.put(KEY, '{"a":"→"}', LATER)).rejects.toThrow(/make it with UTF8/);
      await store.put(KEY, '{"a":"é"}', LATER);
      expect((await store.read(KEY))?.document).toBe('{"a":"é"}');
    });

    test('no error has a key, an owner or a document in it', async () => {
      await createTable({ url: server.url, table: 'checked' });
      await server.sql("ALTER TABLE checked ADD CHECK (owner <> 'geheim' OR key <> 'geheim')", 'app');
      const store = await opened({ url: server.url, table: 'checked' });
      const write = store.put('geheim', '{"a":"geheim"}', LATER, { name: 'geheim', until: LATER });
      const error = (await write.catch((thrown: unknown) => thrown)) as Error;
      expect(error).toMatchObject({ code: 'STORE_FAILED', outcome: 'none', cause: { code: '23514' } });
      const { stack, message, cause } = error;
      expect(`${stack} ${message} ${JSON.stringify(cause)} ${(cause as Error).stack}`).not.toContain('geheim');
    });
  });

  test('a disk that is full refuses writes with nothing half-written, and reads go on', async () => {
    const store = await opened({ url: server.url });
    const random = (): string =>
      JSON.stringify(Buffer.from(crypto.getRandomValues(new Uint8Array(65_536))).toString('hex'));
    await server.sql('ALTER TABLE coatcheck_sessions ALTER document SET STORAGE EXTERNAL', 'app');
    await server.sql(
      `INSERT INTO coatcheck_sessions SELECT 'filler' || n, to_json(repeat('x', 1000000)), gen_random_uuid(), now()
        FROM generate_series(1, 20) AS n`,
      'app',
    );
    const small = random();
    await store.put(KEY, small, LATER);
    // A file that may not grow is to PostgreSQL what a full disk is; its log is in files of 16 MB, which are smaller.
    const [file] = await server.sql(
      "SELECT pg_relation_size(reltoastrelid) AS size FROM pg_class WHERE relname = 'coatcheck_sessions'",
      'app',
    );
    await limitFiles(server.pid, Number(file?.size) + 50_000);
    onTestFinished(() => limitFiles(server.pid, 'unlimited'));
    const full = await opened({ url: server.url });
    let failure: unknown;
    for (let at = 0; at < 100 && failure === undefined; at++) {
      failure = await full.put(`${at}`.padStart(64, 'c'), random(), LATER).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(failure).toMatchObject({ code: 'STORE_FAILED', outcome: 'none', retryable: false });
    expect(String(failure)).toMatch(/PostgreSQL store, put: the disk of PostgreSQL is full: make room/);
    expect((failure as Error).cause).toMatchObject({ code: '53100' });
    expect((await full.read(KEY))?.document).toBe(small);
    await limitFiles(server.pid, 'unlimited');
    const other = await opened({ url: server.url });
    await other.put(OTHER, random(), LATER);
  }, 60_000);
});

/** For the server and the connections that it makes from now on. Only who is the same user may say so, not even root. */
async function limitFiles(pid: number, bytes: number | 'unlimited'): Promise<void> {
  const { uid, gid } = statSync(`/proc/${pid}`);
  await promisify(execFile)('prlimit', ['--pid', `${pid}`, `--fsize=${bytes}:`], { uid, gid });
}
