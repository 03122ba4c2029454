import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSqlite } from '../../src/store/sqlite.ts';
import type { SqliteDatabase } from '../../src/store/sqlite-driver.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { testDrivers } from './drivers.ts';

const KEY = 'a'.repeat(64);
const LATER = 4_000_000_000_123;

let folder = '';
let files = 0;
const file = (): string => join(folder, `${++files}.db`);
beforeAll(() => {
  folder ||= mkdtempSync(join(tmpdir(), 'coatcheck-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const drivers = await testDrivers();

for (const driver of drivers) {
  const name = driver.missing ? `${driver.name} (skipped: ${driver.missing})` : driver.name;
  if (driver.missing) {
    describe.skip(`the store suite, ${name}`, () => test('runs', () => undefined));
  } else {
    folder ||= mkdtempSync(join(tmpdir(), 'coatcheck-'));
    const database = driver.open(file());
    database.exec('PRAGMA journal_mode = WAL');
    afterAll(() => void database.close());
    await testStore(`sqlite, ${driver.name}`, () => openSqlite({ database }), { test, skip: test.skip });
  }

  describe.skipIf(driver.missing !== undefined)(`a database opened with ${name}`, () => {
    test('stays open when the store is closed, and the store then says that it is closed', async () => {
      const database = driver.open(file());
      const store = await openSqlite({ database });
      await store.close?.();
      await expect(store.read(KEY)).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: false });
      await expect(store.put(KEY, 'x', LATER)).rejects.toThrow(/put: the store was closed/);
      expect(database.prepare('SELECT 1 AS one').get()).toMatchObject({ one: 1 });
      database.close();
    });

    test('waits for no lock: its busy_timeout is 0 from then on', async () => {
      const database = driver.open(file());
      await openSqlite({ database });
      expect(database.prepare('PRAGMA busy_timeout').get()).toMatchObject({ timeout: 0 });
      database.close();
    });

    test('with a transaction of the user open refuses to write, and says why', async () => {
      const database = driver.open(file());
      const store = await openSqlite({ database });
      database.exec('BEGIN');
      await expect(store.put(KEY, 'x', LATER)).rejects.toThrow(/connection of its own/);
      database.exec('ROLLBACK');
      await store.put(KEY, 'x', LATER);
      database.close();
    });

    test('that is full fails for good, having written nothing, and goes on when there is room', async () => {
      const database = driver.open(file());
      const store = await openSqlite({ database });
      await store.create(KEY, 'small', LATER);
      database.exec('PRAGMA max_page_count = 20');
      const error = await store.put(KEY, 'x'.repeat(500_000), LATER).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'STORE_FAILED', retryable: false, outcome: 'none' });
      expect(String(error)).toMatch(/SQLite store, put: .*full/);
      expect((await store.read(KEY))?.document).toBe('small');
      database.exec('PRAGMA max_page_count = 100000');
      await store.put(KEY, 'x'.repeat(500_000), LATER);
      database.close();
    });

    test('that is read-only is refused when the store is opened', async () => {
      const path = file();
      const writer = driver.open(path);
      for (const step of ['without the table', 'with the table']) {
        writer.exec('CREATE TABLE IF NOT EXISTS other (a)');
        const database = driver.open(path, { readOnly: true });
        // libsql opens for writing whatever it is told.
        database.exec('PRAGMA query_only = 1');
        await expect(openSqlite({ database }), step).rejects.toMatchObject({
          code: 'STORE_FAILED',
          retryable: false,
          message: expect.stringMatching(/read-only/),
        });
        database.close();
        await openSqlite({ database: writer });
      }
      writer.close();
    });

    test('keeps names and documents as data, whatever their letters', async () => {
      const database = driver.open(file());
      const store = await openSqlite({ database });
      const hostile = `'"; DROP TABLE coatcheck_sessions; -- %_*`;
      await store.create(hostile, hostile, LATER, { name: hostile, until: LATER });
      expect(await store.listOwned?.(hostile)).toEqual([hostile]);
      expect(await store.read(hostile)).toMatchObject({ document: hostile, owner: { name: hostile, until: LATER } });
      database.close();
    });

    test('gives Uint8Arrays of their own, never a Buffer', async () => {
      const database = driver.open(file());
      const store = await openSqlite({ database });
      await store.create(KEY, Uint8Array.of(1, 2), LATER);
      const { document } = (await store.read(KEY)) ?? {};
      expect(Object.getPrototypeOf(document)).toBe(Uint8Array.prototype);
      database.close();
    });

    test('is left as it was where the table name belongs to somebody else', async () => {
      const database = driver.open(file());
      database.exec('CREATE TABLE coatcheck_sessions (mine)');
      await expect(openSqlite({ database })).rejects.toThrow(/choose another `table`/i);
      expect(database.prepare('SELECT name FROM sqlite_schema').all()).toHaveLength(1);
      const store = await openSqlite({ database, table: 'other' });
      await store.create(KEY, 'x', LATER);
      database.close();
    });

    test('that somebody dropped is made again', async () => {
      const database = driver.open(file());
      await openSqlite({ database });
      database.exec('DROP TABLE coatcheck_sessions');
      const store = await openSqlite({ database });
      await store.put(KEY, 'x', LATER);
      expect((await store.read(KEY))?.document).toBe('x');
      database.close();
    });

    test('of a newer coatcheck is refused', async () => {
      const database = driver.open(file());
      await openSqlite({ database });
      database.exec('UPDATE coatcheck_schema SET version = 99');
      await expect(openSqlite({ database })).rejects.toThrow(/newer coatcheck/);
      database.close();
    });

    test('holds several stores, each in its table', async () => {
      const database = driver.open(file());
      const [one, two] = [await openSqlite({ database, table: 'one' }), await openSqlite({ database, table: 'two' })];
      await one.create(KEY, '1', LATER);
      expect(await two.read(KEY)).toBeUndefined();
      expect((await (await openSqlite({ database, table: 'one' })).read(KEY))?.document).toBe('1');
      database.close();
    });

    test('whose schema another connection is writing is opened when that one is done', async () => {
      const path = file();
      const [first, second] = [driver.open(path), driver.open(path)];
      first.exec('BEGIN IMMEDIATE');
      const opening = openSqlite({ database: second });
      await new Promise((resolve) => setTimeout(resolve, 60));
      first.exec('COMMIT');
      await (await opening).put(KEY, 'x', LATER);
      first.close();
      second.close();
    });

    test('sweeps in steps, leaving the event loop its turns', async () => {
      const database = driver.open(file());
      database.exec('PRAGMA journal_mode = WAL');
      const store = await openSqlite({ database });
      for (let i = 0; i < 180; i++) await store.create(`${i}`, 'x', 1000 + i);
      let turns = 0;
      const timer = setInterval(() => turns++, 0);
      expect(await store.sweep?.(1_000_000, 170)).toBe(170);
      clearInterval(timer);
      expect(turns).toBeGreaterThan(0);
      expect(await store.sweep?.(1_000_000, 170)).toBe(10);
      database.close();
    });
  });
}

describe('a path', () => {
  test('is opened with the first driver there is, in WAL mode, and closed with the store', async () => {
    const path = file();
    const store = await openSqlite({ database: path });
    await store.create(KEY, 'x', LATER);
    await store.close?.();
    await store.close?.();
    const again = await openSqlite({ database: path });
    expect((await again.read(KEY))?.document).toBe('x');
    await again.close?.();
    const driver = drivers.find(({ missing }) => missing === undefined);
    const database = driver?.open(path);
    expect(database?.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
    database?.close();
  });

  test.skipIf(process.platform === 'win32')('that is new becomes a file for its owner only', async () => {
    const path = file();
    const store = await openSqlite({ database: path });
    await store.create(KEY, 'x', LATER);
    for (const end of ['', '-wal', '-shm']) expect(statSync(path + end).mode & 0o777).toBe(0o600);
    await store.close?.();
  });

  test('of :memory: makes a database that nobody else sees', async () => {
    const [one, two] = [await openSqlite({ database: ':memory:' }), await openSqlite({ database: ':memory:' })];
    await one.create(KEY, 'x', LATER);
    expect(await two.read(KEY)).toBeUndefined();
    await one.close?.();
    await two.close?.();
  });

  test('in a folder that is missing is refused with the folder named', async () => {
    await expect(openSqlite({ database: join(folder, 'missing', 'x.db') })).rejects.toMatchObject({
      code: 'STORE_URL_INVALID',
      message: expect.stringContaining(join(folder, 'missing')),
    });
  });

  test('of a folder is refused', async () => {
    mkdirSync(join(folder, 'sub'));
    await expect(openSqlite({ database: join(folder, 'sub') })).rejects.toMatchObject({ code: 'STORE_URL_INVALID' });
  });

  test('of a file that is no database is refused, and the file left alone', async () => {
    const path = file();
    writeFileSync(path, 'x'.repeat(5000));
    await expect(openSqlite({ database: path })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retryable: false,
      message: expect.stringMatching(/no SQLite database/),
    });
    expect(statSync(path).size).toBe(5000);
  });

  test('of a damaged database fails with an error that says so, not with somebody’s record', async () => {
    const path = file();
    const driver = drivers.find(({ missing }) => missing === undefined);
    const database = driver?.open(path) as SqliteDatabase;
    database.exec('PRAGMA synchronous = OFF');
    const store = await openSqlite({ database });
    for (let i = 0; i < 200; i++) await store.create(`${i}`.padStart(64, '0'), 'x'.repeat(1000), LATER);
    const bytes = readFileSync(path);
    bytes.fill(0xee, 4096);
    const damaged = file();
    writeFileSync(damaged, bytes);
    database.close();
    await expect(openSqlite({ database: damaged }).then((opened) => opened.read('0'.repeat(64)))).rejects.toMatchObject(
      { code: 'STORE_FAILED', retryable: false, message: expect.stringMatching(/damaged/) },
    );
  });

  test.each(['', 'libsql://host?authToken=hunter2', 'https://x/hunter2', 'file:hunter2', 'a\0hunter2', ':hunter2'])(
    '%j is refused, and not repeated',
    async (database) => {
      const error = await openSqlite({ database }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'STORE_URL_INVALID' });
      expect(String(error)).not.toContain('hunter2');
    },
  );
});

describe('options', () => {
  test.each(['', 'a b', 'x"; DROP TABLE y', '1a', 'a'.repeat(64), 'sqlite_x', 'coatcheck_schema', 'é'])(
    'a table called %j is refused',
    async (table) => {
      await expect(openSqlite({ database: ':memory:', table })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    },
  );

  test('a table’s name may have 63 letters', async () => {
    const store = await openSqlite({ database: ':memory:', table: 'a'.repeat(63) });
    await store.close?.();
  });

  test.each([undefined, null, 5, {}, { execute: () => undefined }])('%j is no database', async (database) => {
    await expect(openSqlite({ database: database as unknown as string })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
  });
});
