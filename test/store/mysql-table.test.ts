import { createPool } from 'mysql2/promise';
import { afterAll, describe, expect, test } from 'vitest';
import { createTable, openMysql, schemaOf } from '../../src/store/mysql.ts';
import { type Mysql, mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { called } from '../support/servers/program.ts';

const KEY = 'a'.repeat(64);
const LATER = 4_000_000_000_123;
const FORMS = ['bytes', 'json'] as const;

describe.skipIf(mysqlMissing !== undefined)(called('the table', mysqlMissing), async () => {
  const server: Mysql = mysqlMissing === undefined ? await startMysql() : (undefined as never);
  afterAll(() => server?.stop());
  const nameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

  test('that is missing is an error that says how to make it, and nothing is made by opening', async () => {
    const url = await server.database();
    await expect(openMysql({ url })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      outcome: 'none',
      retryable: false,
      message: expect.stringMatching(/there is no table coatcheck_sessions\. Make it with createTable of/),
    });
    expect(await server.sql(`SHOW TABLES IN ${nameOf(url)}`)).toBe('');
  });

  test('is made once, by however many at the same time', async () => {
    const url = await server.database();
    await Promise.all(Array.from({ length: 8 }, () => createTable({ url })));
    const store = await openMysql({ url });
    await store.create(KEY, 'x', LATER);
    await createTable({ url });
    expect((await store.read(KEY))?.document).toBe('x');
    await store.close?.();
  });

  test('is made when the store is opened, where that is asked for', async () => {
    const url = await server.database();
    for (let times = 0; times < 2; times++) {
      const store = await openMysql({ url, createTable: 'bytes' });
      await store.put(KEY, 'x', LATER);
      await store.close?.();
    }
  });

  test('may be made by hand, with the statement that createTable runs', async () => {
    const url = await server.database();
    await server.sql(schemaOf({ database: nameOf(url), table: 'mine', document: 'bytes' }));
    const store = await openMysql({ url, table: 'mine' });
    await store.put(KEY, 'x', LATER);
    await createTable({ url, table: 'other', document: 'bytes' });
    const [mine, other] = await Promise.all(
      ['mine', 'other'].map((table) => server.sql(`SHOW CREATE TABLE ${nameOf(url)}.${table}`)),
    );
    expect(mine?.replaceAll('mine', 'other')).toBe(other);
    await store.close?.();
  });

  test('of the other form is left as it was', async () => {
    const url = await server.database();
    await createTable({ url });
    const message = /keeps documents as json, not as bytes\. Write 'json', or choose another `table`/;
    await expect(createTable({ url, document: 'bytes' })).rejects.toThrow(message);
    await expect(openMysql({ url, createTable: 'bytes' })).rejects.toThrow(message);
    await createTable({ url, table: 'other', document: 'bytes' });
  });

  test('of somebody else is left as it was', async () => {
    const url = await server.database();
    await server.sql(`CREATE TABLE ${nameOf(url)}.coatcheck_sessions (mine INT) COMMENT 'coatcheck'`);
    for (const act of [createTable, openMysql]) {
      await expect(act({ url })).rejects.toMatchObject({
        code: 'STORE_FAILED',
        message: expect.stringMatching(/was not made by coatcheck/),
      });
    }
    expect(await server.sql(`SHOW COLUMNS FROM ${nameOf(url)}.coatcheck_sessions`)).toMatch(/^mine\t/);
  });

  test('of a newer coatcheck is refused', async () => {
    const url = await server.database();
    await createTable({ url });
    await server.sql(`ALTER TABLE ${nameOf(url)}.coatcheck_sessions COMMENT 'coatcheck 99'`);
    for (const act of [createTable, openMysql]) await expect(act({ url })).rejects.toThrow(/newer coatcheck/);
  });

  test('lies where `database` and `table` say, whatever database the connections are in', async () => {
    const [here, there] = [await server.database(), await server.database()];
    const options = { url: here, database: nameOf(there), table: 'visitors' };
    await createTable(options);
    const store = await openMysql(options);
    await store.create(KEY, 'x', LATER);
    expect(await server.sql(`SELECT COUNT(*) FROM ${nameOf(there)}.visitors`)).toBe('1');
    expect(await server.sql(`SHOW TABLES IN ${nameOf(here)}`)).toBe('');
    await store.close?.();
  });

  test('wants a database, from the connections or by name', async () => {
    const url = await server.database();
    const pool = createPool(url.slice(0, url.lastIndexOf('/')));
    await expect(openMysql({ pool })).rejects.toThrow(/in no database\. Say which one: \{ database \}/);
    await createTable({ pool, database: nameOf(url) });
    await openMysql({ pool, database: nameOf(url) });
    await pool.end();
  });

  test.each(['', 'a b', 'x`; DROP TABLE y', '1a', 'a'.repeat(65), 'coatcheck_schema', 'é', 'a.b'])(
    'called %j is refused, as a name of a database too',
    async (name) => {
      for (const options of [{ table: name }, { database: name }]) {
        await expect(openMysql({ url: server.url, ...options })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
        await expect(createTable({ url: server.url, ...options })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
      }
    },
  );

  describe.each(FORMS)('with documents as %s', (document) => {
    const setUp = async () => {
      const url = await server.database();
      await createTable({ url, document });
      const store = await openMysql({ url });
      const table = `${nameOf(url)}.coatcheck_sessions`;
      return { url, store, table };
    };

    test('has an index for the expiry and one for the owner, which the statements use', async () => {
      const { store, table } = await setUp();
      for (let i = 0; i < 200; i++)
        await store.put(`${i}`.padStart(64, '0'), '{}', LATER + i, { name: `o${i}`, until: LATER });
      await server.sql(`ANALYZE TABLE ${table}`);
      const plan = (where: string): Promise<string> =>
        server.sql(`EXPLAIN SELECT \`key\` FROM ${table} WHERE ${where}`);
      expect(await plan('expires_ms <= CAST(5 AS SIGNED) ORDER BY expires_ms LIMIT 64')).toMatch(
        /\texpires\t.*Using index/,
      );
      expect(await plan("owner = 'o7'")).toMatch(/\tref\towner\towner\t/);
      expect(await plan("`key` IN ('1', '2') AND expires_ms + 0 <= CAST(5 AS SIGNED)")).toMatch(/\tPRIMARY\tPRIMARY\t/);
      await store.close?.();
    });

    test('shows the expiry in UTC, to the millisecond and whatever the time zone of who looks', async () => {
      const { store, table } = await setUp();
      for (const [at, time] of [Date.UTC(2026, 10, 21, 20, 15, 16, 789), 0, 8.64e15].entries()) {
        await store.put(`${at}`, '{}', time);
        expect((await store.read(`${at}`))?.expiresAt).toBe(time);
      }
      expect(await server.sql(`SET time_zone = '-05:30'; SELECT expires_at FROM ${table} ORDER BY \`key\``)).toBe(
        '2026-11-21 20:15:16.789\n1970-01-01 00:00:00.000\nNULL',
      );
      await store.close?.();
    });

    test('takes a fraction of a millisecond as the next whole one, and refuses what is no time', async () => {
      const { store } = await setUp();
      await store.put(KEY, '{}', LATER + 0.2, { name: 'ann', until: LATER + 0.9 });
      expect(await store.read(KEY)).toMatchObject({ expiresAt: LATER + 1, owner: { until: LATER + 1 } });
      for (const time of [-1, Number.NaN, Number.POSITIVE_INFINITY, 9e15]) {
        await expect(store.put(KEY, '{}', time)).rejects.toMatchObject({ code: 'OPTION_INVALID', outcome: 'none' });
        await expect(store.touch(KEY, 'x', time)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
      }
      await store.close?.();
    });

    test('refuses keys and owners that its columns would change', async () => {
      const { store } = await setUp();
      for (const key of ['', 'a b', 'é', 'a'.repeat(129), 'a\n']) {
        await expect(store.put(key, '{}', LATER)).rejects.toMatchObject({ code: 'OPTION_INVALID', outcome: 'none' });
        await expect(store.create(key, '{}', LATER)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
        await expect(store.put(KEY, '{}', LATER, { name: key.repeat(2), until: LATER })).rejects.toMatchObject({
          code: 'OPTION_INVALID',
        });
      }
      expect(await store.read(KEY)).toBeUndefined();
      await store.close?.();
    });

    test('keeps hostile names and documents as data', async () => {
      const { store } = await setUp();
      const hostile = `'"\`;--\\%_?)/*{}`;
      await store.create(hostile, hostile, LATER, { name: hostile, until: LATER });
      expect(await store.listOwned?.(hostile)).toEqual([hostile]);
      expect(await store.read(hostile)).toMatchObject({ document: hostile, owner: { name: hostile } });
      expect(await store.read('x')).toBeUndefined();
      await store.close?.();
    });

    test('takes no more than it says, and says so with nothing written', async () => {
      const { store } = await setUp();
      const { maxBytes } = store.capabilities;
      expect(maxBytes).toBeLessThan(16 * 1024 * 1024);
      const most = `{"a":"${'x'.repeat(maxBytes - 8)}"}`;
      expect(most).toHaveLength(maxBytes);
      await store.put(KEY, most, LATER);
      expect((await store.read(KEY))?.document === most).toBe(true);
      const bytes = new Uint8Array(maxBytes).fill(255);
      await store.put(KEY, bytes, LATER);
      expect((await store.read(KEY))?.document).toHaveLength(maxBytes);
      const more = 'x'.repeat(17 * 1024 * 1024);
      for (const act of [
        () => store.put(KEY, more, LATER),
        () => store.create(`${KEY}b`, more, LATER),
        () => store.update(KEY, 'v', more, LATER),
      ]) {
        await expect(act()).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE', status: 413, outcome: 'none' });
      }
      expect((await store.read(KEY))?.document).toHaveLength(maxBytes);
      await store.close?.();
    });

    test('gives Uint8Arrays of their own, never a Buffer', async () => {
      const { store } = await setUp();
      await store.create(KEY, Uint8Array.of(1, 2), LATER);
      const { document: bytes } = (await store.read(KEY)) ?? {};
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
      await store.close?.();
    });

    test('with a row that somebody else wrote gives an error for this record, and the others', async () => {
      const { store, table } = await setUp();
      await store.create('1', '{"a":1}', LATER);
      await store.create('2', '{"a":2}', LATER, { name: 'ann', until: LATER });
      await server.sql(
        document === 'json'
          ? `UPDATE ${table} SET document = '[1]' WHERE \`key\` = '1'`
          : `UPDATE ${table} SET owner = 'eve' WHERE \`key\` = '1'`,
      );
      const foreign = {
        code: 'STORE_FAILED',
        retryable: false,
        message: expect.stringMatching(/no record of coatcheck/),
      };
      await expect(store.read('1')).rejects.toMatchObject(foreign);
      const [first, second] = (await store.readMany?.(['1', '2'])) ?? [];
      expect(first).toMatchObject(foreign);
      expect(second).toMatchObject({ document: '{"a":2}' });
      await store.put('1', '{}', LATER);
      expect((await store.read('1'))?.document).toBe('{}');
      await store.close?.();
    });

    test('reads 300 records at once, some of them several times', async () => {
      const { store } = await setUp();
      const keys = Array.from({ length: 300 }, (_, i) => `${i % 280}`);
      await Promise.all(keys.slice(0, 270).map((key) => store.create(key, `{"k":${key}}`, LATER)));
      const found = (await store.readMany?.(keys)) ?? [];
      expect(found.map((record) => (record as { document?: string } | undefined)?.document)).toEqual(
        keys.map((key) => (Number(key) < 270 ? `{"k":${key}}` : undefined)),
      );
      await store.close?.();
    });

    test('is swept in steps, and a record that was renewed since it was found stays', async () => {
      const { url, store, table } = await setUp();
      const rows = Array.from(
        { length: 300 },
        (_, i) => `('${i}', '{}', ${document === 'json' ? '' : '1, '}'v', ${1000 + i})`,
      );
      const columns = `\`key\`, document, ${document === 'json' ? '' : 'is_text, '}version, expires_ms`;
      await server.sql(`INSERT INTO ${table} (${columns}) VALUES ${rows.join(', ')}`);
      const pool = createPool(url);
      const { pool: core } = pool;
      const getConnection = core.getConnection.bind(core);
      let deletes = 0;
      core.getConnection = (done) =>
        getConnection((error, connection) => {
          const { execute } = connection;
          connection.execute = ((...args: Parameters<typeof execute>) => {
            connection.execute = execute;
            // Just before the first rows go, one of them is renewed.
            if (!String(args[0]).startsWith('DELETE') || deletes++ > 0) return execute.apply(connection, args);
            return connection.query(`UPDATE ${table} SET expires_ms = ${LATER} WHERE \`key\` = '3'`, () => {
              execute.apply(connection, args);
            });
          }) as typeof execute;
          done(error, connection);
        });
      const sweeping = await openMysql({ pool });
      expect(await sweeping.sweep?.(1299, 250)).toBe(249);
      expect(deletes).toBe(4);
      expect(await sweeping.sweep?.(1299, 250)).toBe(50);
      expect(await server.sql(`SELECT \`key\` FROM ${table}`)).toBe('3');
      await pool.end();
      await store.close?.();
    });
  });

  test('a document that fits as it is, and not in the form that the database takes, is too large', async () => {
    const store = await openMysql({ url: await server.database(), createTable: 'json' });
    const { version } = (await store.create(KEY, 'x', LATER)) as { version: string };
    const most = 16 * 1024 * 1024 - 1 - 4096;
    const document = `{"a":"${'x'.repeat(most - 9)}"`;
    // No JSON: the database refuses it, and the object around it is longer than what a statement holds.
    for (const act of [
      () => store.put(KEY, document, LATER),
      () => store.create(`${KEY}b`, document, LATER),
      () => store.update(KEY, version, document, LATER),
    ]) {
      await expect(act()).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE', status: 413, outcome: 'none' });
    }
    expect((await store.read(KEY))?.document).toBe('x');
    await store.close?.();
  });

  test('with documents as JSON lets people look into them, and keeps to the letter what they are', async () => {
    const url = await server.database();
    await createTable({ url, document: 'json' });
    const store = await openMysql({ url });
    const texts = [
      '{ "b":1.0,"a": [ 1 ,2 ],"b":2e0, "u":"\\u00e9é🧥" }',
      '{"~text":"x"}',
      '{not json}',
      `{"deep":${'['.repeat(60)}${']'.repeat(60)}}`,
    ];
    for (const [at, text] of texts.entries()) {
      await store.create(`${at}`, text, LATER);
      const version = (await store.read(`${at}`))?.version ?? '';
      expect((await store.update(`${at}`, version, text, LATER)).result).toBe('ok');
      await store.put(`${at}`, text, LATER);
      expect((await store.read(`${at}`))?.document).toBe(text);
    }
    const table = `${nameOf(url)}.coatcheck_sessions`;
    expect(await server.sql(`SELECT JSON_VALUE(document, '$.a[1]') FROM ${table} WHERE \`key\` = '0'`)).toBe('2');
    expect(await server.sql(`SELECT MIN(JSON_VALID(document)) FROM ${table}`)).toBe('1');
    expect((await store.create('2', '{also not json}', LATER)).result).toBe('exists');
    await store.close?.();
  });
});
