import { createConnection, createPool, createPoolCluster } from 'mysql2';
import { createPool as createPromisePool } from 'mysql2/promise';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { CoatcheckError } from '../../src/errors.ts';
import { createTable, type MysqlPool, openMysql, schemaOf } from '../../src/store/mysql.ts';
import { type CorePool, MysqlDriver } from '../../src/store/mysql-driver.ts';
import { type Mysql, mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { called } from '../support/servers/program.ts';

const KEY = 'a'.repeat(64);
const LATER = 4_000_000_000_123;

describe.skipIf(mysqlMissing !== undefined)(called('a pool of the user', mysqlMissing), async () => {
  const server: Mysql = mysqlMissing === undefined ? await startMysql() : (undefined as never);
  afterAll(() => server?.stop());
  const table = 'app.coatcheck_sessions';
  if (mysqlMissing === undefined) await createTable({ url: server.url });

  const promisePool = (options = {}) => {
    const pool = createPromisePool({ uri: server.url, ...options });
    onTestFinished(() => pool.end());
    return pool;
  };

  test('stays open when the store is closed, and the store then says that it is closed', async () => {
    const pool = promisePool();
    const store = await openMysql({ pool });
    await store.close?.();
    await expect(store.read(KEY)).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: false, outcome: 'none' });
    await expect(store.put(KEY, 'x', LATER)).rejects.toThrow(/put: the store was closed/);
    expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
  });

  test('may be a promise; one that fails is an error of ours', async () => {
    const store = await openMysql({ pool: Promise.resolve(promisePool()) });
    expect(await store.read('nobody')).toBeUndefined();
    await expect(openMysql({ pool: Promise.reject(new Error('vault')) })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      outcome: 'none',
    });
  });

  test('that was ended is an error for good', async () => {
    const pool = createPromisePool(server.url);
    const store = await openMysql({ pool });
    await pool.end();
    await expect(store.put(KEY, 'x', LATER)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retryable: false,
      outcome: 'none',
      message: expect.stringMatching(/the pool was closed/),
    });
  });

  test('gets every connection back, also after a refusal', async () => {
    const pool = promisePool({ connectionLimit: 2 });
    const store = await openMysql({ pool });
    await server.sql(`RENAME TABLE ${table} TO app.away`);
    for (let i = 0; i < 5; i++) await expect(store.put(KEY, 'x', LATER)).rejects.toThrow(/createTable/);
    await server.sql(`RENAME TABLE app.away TO ${table}`);
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.put(`back-${i}`, 'x', LATER)));
    const taken = await Promise.all([pool.getConnection(), pool.getConnection()]);
    for (const connection of taken) connection.release();
  });

  test('whose connections are all in use is waited for, and what waited too long is not sent any more', async () => {
    const pool = promisePool({ connectionLimit: 1 });
    const store = await openMysql({ pool });
    const held = await pool.getConnection();
    const soon = store.put('soon', 'x', LATER);
    await new Promise((resolve) => setTimeout(resolve, 100));
    held.release();
    await soon;
    const again = await pool.getConnection();
    const late = [store.put('late', 'x', LATER), store.destroy('soon'), store.read('soon')];
    await new Promise((resolve) => setTimeout(resolve, 1700));
    again.release();
    for (const call of late) {
      await expect(call).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: true, outcome: 'none' });
    }
    expect(await store.read('late')).toBeUndefined();
    expect((await store.read('soon'))?.document).toBe('x');
  });

  test('that does not wait is an error that may be tried again', async () => {
    const pool = promisePool({ connectionLimit: 1, waitForConnections: false });
    const store = await openMysql({ pool });
    const held = await pool.getConnection();
    await expect(store.put(KEY, 'x', LATER)).rejects.toMatchObject({ retryable: true, outcome: 'none' });
    held.release();
  });

  test('with a transaction left open on a connection loses none of our writes with it', async () => {
    const pool = promisePool({ connectionLimit: 1 });
    const store = await openMysql({ pool });
    const forgetful = await pool.getConnection();
    await forgetful.beginTransaction();
    await forgetful.query('DO 1');
    forgetful.release();
    await expect(store.put('within', 'x', LATER)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retryable: true,
      outcome: 'none',
      message: expect.stringMatching(/in the middle of a transaction/),
    });
    // Its connection is gone, and what was written on it.
    await store.put('after', 'x', LATER);
    expect(await store.read('within')).toBeUndefined();
    expect(await server.sql(`SELECT \`key\` FROM ${table} WHERE \`key\` IN ('within', 'after')`)).toBe('after');
  });

  test('whose own transaction is open elsewhere has no part in what we write', async () => {
    const pool = promisePool();
    const store = await openMysql({ pool });
    const own = await pool.getConnection();
    await own.beginTransaction();
    await own.query('SELECT 1');
    await store.put('apart', 'x', LATER);
    await own.rollback();
    own.release();
    expect((await store.read('apart'))?.document).toBe('x');
  });

  test('with autocommit off is refused when the store is opened', async () => {
    const pool = createPool(server.url);
    onTestFinished(() => void pool.end());
    pool.on('connection', (connection) => connection.query('SET autocommit = 0'));
    await expect(openMysql({ pool })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringMatching(/have autocommit off: nothing that is written would stay/),
    });
  });

  test('counts a touch that changes nothing as a touch, with and without the flag FOUND_ROWS', async () => {
    for (const flags of [[], ['-FOUND_ROWS']]) {
      const store = await openMysql({ pool: promisePool({ flags }) });
      await store.put(KEY, 'x', LATER);
      const { version = '' } = (await store.read(KEY)) ?? {};
      expect(await store.touch(KEY, version, LATER)).toBe(true);
      expect(await store.touch(KEY, version, LATER - 5)).toBe(true);
      expect(await store.touch(KEY, 'other', LATER)).toBe(false);
      expect(await store.touch('nobody', version, LATER)).toBe(false);
      expect((await store.read(KEY))?.expiresAt).toBe(LATER);
    }
  });

  test('of connections that wait for a row that somebody else holds ends as the server says', async () => {
    const pool = createPool(server.url);
    onTestFinished(() => void pool.end());
    pool.on('connection', (connection) => connection.query('SET innodb_lock_wait_timeout = 1'));
    const store = await openMysql({ pool });
    await store.put('held', 'x', LATER);
    const holder = promisePool();
    const connection = await holder.getConnection();
    await connection.beginTransaction();
    await connection.query(`SELECT * FROM ${table} WHERE \`key\` = 'held' FOR UPDATE`);
    // Who only reads does not wait.
    const { version = '' } = (await store.read('held')) ?? {};
    await expect(store.update('held', version, 'y', LATER)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retryable: true,
      outcome: 'none',
    });
    await connection.rollback();
    connection.release();
    expect((await store.update('held', version, 'y', LATER)).result).toBe('ok');
  });
});

test.skipIf(mysqlMissing !== undefined)(
  called('a pool of ours makes each of its settings by itself: who does not know one has the others', mysqlMissing),
  { timeout: 60_000 },
  async () => {
    const server = await startMysql();
    onTestFinished(() => server.stop());
    await server.sql("SET GLOBAL log_output = 'TABLE', general_log = 1");
    const store = await openMysql({ url: server.url, createTable: 'json' });
    onTestFinished(() => store.close?.());
    const names = ['autocommit', 'sql_mode', 'innodb_lock_wait_timeout', 'lock_wait_timeout'];
    const said = async (): Promise<string[]> => {
      const log = "SELECT argument FROM mysql.general_log WHERE user_host LIKE 'app%' AND argument LIKE 'SET SESSION%'";
      return (await server.sql(log)).split('\n');
    };
    await expect.poll(said).toEqual(names.map((name) => expect.stringMatching(`^SET SESSION ${name} = [^,]+$`)));
  },
);

test('what is thrown while an answer is taken is the error of that call, and nobody else’s', async () => {
  const escaped: unknown[] = [];
  const answering = (error: unknown, answer: unknown, broken = false): CorePool => {
    const execute = (...args: unknown[]): void => {
      try {
        (args.at(-1) as (error: unknown, answer: unknown) => void)(error, answer);
      } catch (thrown) {
        escaped.push(thrown);
      }
    };
    const release = (): void => {
      if (broken) throw new Error('broken');
    };
    const connection = { execute, release, destroy: () => undefined };
    return { getConnection: (done) => done(undefined, connection) };
  };
  const settled = async (pool: CorePool): Promise<unknown> => {
    const failing = (): never => {
      throw new CoatcheckError('SESSION_TOO_LARGE', 'too large', { outcome: 'none' });
    };
    const never = new Promise((resolve) => setTimeout(resolve, 100, 'never'));
    const write = new MysqlDriver(pool).write('put', 'SQL', [], failing, failing);
    return Promise.race([write.catch((thrown: unknown) => thrown), never]);
  };
  const refusal = { errno: 4025, code: 'ER_CONSTRAINT_FAILED' };
  const tooLarge = { code: 'SESSION_TOO_LARGE', outcome: 'none' };
  expect(await settled(answering(refusal, undefined))).toMatchObject(tooLarge);
  expect(await settled(answering(null, { affectedRows: 1 }))).toMatchObject(tooLarge);
  const unknown = { code: 'STORE_FAILED', outcome: 'unknown' };
  expect(await settled(answering(refusal, undefined, true))).toMatchObject(unknown);
  expect(escaped).toEqual([]);
});

const EXAMPLE = { host: '127.0.0.1', port: 1 };

test.each([
  ['nothing', undefined],
  ['null', null],
  ['text', 'mysql://geheim'],
  ['settings of a pool', { host: 'db', password: 'geheim' }],
])('%s is no pool', async (_name, pool) => {
  const error = await openMysql({ pool: pool as unknown as MysqlPool }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'OPTION_INVALID' });
  expect(String(error)).not.toContain('geheim');
});

test('a single connection is no pool, nor a cluster of pools', async () => {
  const connection = createConnection(EXAMPLE);
  connection.on('error', () => undefined);
  const cluster = createPoolCluster();
  for (const pool of [connection, connection.promise(), cluster]) {
    await expect(openMysql({ pool: pool as unknown as MysqlPool })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  }
  connection.destroy();
  cluster.end();
});

test.each([
  [{}, /either `pool` or `url`/],
  [{ url: 'mysql://db/app', pool: createPool(EXAMPLE) }, /either `pool` or `url`/],
  [{ url: 5 }, /`url` must be text/],
  [{ pool: createPool(EXAMPLE), tls: {} }, /`tls` goes with `url`/],
])('options that contradict each other are refused (%#)', async (options, message) => {
  await expect(openMysql(options as never)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringMatching(message),
  });
});

test.each([
  ['clearExpired', /sweep/],
  ['checkExpirationInterval', /sweep/],
  ['expiration', /lifetime/],
  ['createDatabaseTable', /createTable/],
  ['schema', /createTable/],
  ['host', /url: 'mysql:/],
  ['connection', /pool/],
  ['prefix', /\{ table \}/],
  ['document', /createTable/],
  ['whatever', /The options are createTable, database, pool, table, tls, url/],
])('the option %s is refused with what to write instead', async (name, hint) => {
  await expect(openMysql({ url: 'mysql://db/app', [name]: 1 })).rejects.toMatchObject({
    code: 'OPTION_UNKNOWN',
    message: expect.stringMatching(hint),
  });
});

test('a form of documents that does not exist is refused', async () => {
  const [url, form] = ['mysql://db/app', 'jsonb' as 'json'];
  const invalid = expect.objectContaining({ code: 'OPTION_INVALID' });
  await expect(createTable({ url, document: form })).rejects.toEqual(invalid);
  await expect(openMysql({ url, createTable: form })).rejects.toEqual(invalid);
  expect(() => schemaOf({ document: form })).toThrow(invalid);
  expect(() => schemaOf({ table: 'x`y' })).toThrow(invalid);
});
