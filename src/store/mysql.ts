/*
 * The layout, statement by statement. One row a record in one table, its owner with it, so that no list of an owner's
 * records can differ from the records. Each verb is one statement on whatever connection of the pool is free, prepared,
 * with parameters, and never within a transaction.
 *
 *   read       SELECT ... WHERE key = ?
 *   readMany   SELECT ... WHERE key IN (?, ...)
 *   create     INSERT; where the key is taken: SELECT
 *   update     UPDATE ... WHERE key = ? AND version = ?; where that is no row: SELECT
 *   touch      UPDATE ... SET expires_ms = GREATEST(expires_ms, ?) WHERE key = ? AND version = ?; where that changes no
 *              row: SELECT, for not every pool counts a row that stays as it is
 *   put        REPLACE
 *   destroy    DELETE ... WHERE key = ?
 *   listOwned  SELECT key WHERE owner = ?
 *   forget     UPDATE ... SET owner = NULL WHERE key = ? AND owner = ?
 *   sweep      SELECT key WHERE expires_ms <= ? ORDER BY expires_ms LIMIT 64, DELETE of these where still expired
 *   scan       SELECT ... WHERE key > ? ORDER BY key LIMIT
 *
 * `document` is MEDIUMBLOB beside `is_text`, or MEDIUMTEXT that must be JSON (sql-document.ts: what is none is put into
 * an object; a document that only looks like JSON is refused by the table and sent once more so). Times are BIGINT, in
 * milliseconds since 1970; `expires_at` shows one of them as DATETIME(3) in UTC. The number of the form stands in the
 * table's comment.
 */
import { CoatcheckError } from '../errors.ts';
import { checkOptionNames } from '../option-names.ts';
import type { Store } from './contract.ts';
import { corePool, MysqlDriver, type MysqlPool } from './mysql-driver.ts';
import { MYSQL, mysqlFailure } from './mysql-errors.ts';
import { type MysqlTls, type OpenedPool, openPool } from './mysql-open.ts';
import { checkTable, makeTable, quoted, type TableName, tableDdl } from './mysql-schema.ts';
import { mysqlStatements } from './mysql-statements.ts';
import { MysqlStore } from './mysql-store.ts';
import { parseMysqlUrl } from './mysql-url.ts';
import { inTime, silent } from './opening.ts';
import type { DocumentForm } from './sql-document.ts';
import { checkName, SQL_HABITS } from './sql-names.ts';

export type { MysqlPool } from './mysql-driver.ts';
export type { MysqlTls } from './mysql-open.ts';
export type { DocumentForm } from './sql-document.ts';

/** Exactly one of `pool` and `url`. */
export interface MysqlStoreOptions {
  /** A pool of yours, or a promise of one: `createPool()` of `mysql2` or `mysql2/promise` 3. It is neither changed nor closed. */
  readonly pool?: MysqlPool | Promise<MysqlPool>;
  /** `mysql://user:password@host:3306/database`, or `mariadb://`. Never one that came with a request. */
  readonly url?: string;
  /** With `url`: certificates, as `node:tls` takes them. The server's certificate and name are always verified. */
  readonly tls?: MysqlTls;
  /** The table's name: a letter or `_`, then letters, digits and `_`, 64 at most. Default `coatcheck_sessions`. */
  readonly table?: string;
  /** The database with the table, named as a table is. Default: the one that the connections are in. */
  readonly database?: string;
  /** Makes the table where it is missing, with documents in this form. Default: a missing table is an error. */
  readonly createTable?: DocumentForm;
}

/** Which table `createTable` makes, and where. */
export interface MysqlTableOptions extends Omit<MysqlStoreOptions, 'createTable'> {
  /**
   * `'json'` (default): text that must be JSON, which keeps ours to the letter, for people to look at. `'bytes'`: a
   * MEDIUMBLOB, for other codecs.
   */
  readonly document?: DocumentForm;
}

const PLACE = ['pool', 'url', 'tls', 'table', 'database'];

const POOL = 'A pool of mysql2 is called pool: { pool: createPool({ ... }) }';
const URL_SAYS = "Where MySQL is and how to get in stands in url: 'mysql://user:password@host:3306/database'";
const SWEEP = "How often expired records are removed is said to createSessions: sweep: '10m'";
const MADE = "The table has columns of its own, and is made by the option createTable: 'json'";

/** Of express-mysql-session, and of the drivers where a URL says the same. */
const HABITS: Readonly<Record<string, string>> = {
  ...SQL_HABITS,
  client: POOL,
  connection: POOL,
  db: POOL,
  host: URL_SAYS,
  port: URL_SAYS,
  user: URL_SAYS,
  password: URL_SAYS,
  uri: URL_SAYS,
  connectionLimit: `${POOL}, and its connectionLimit is its own`,
  ssl: 'Certificates are called tls',
  schema: MADE,
  createDatabaseTable: MADE,
  clearExpired: SWEEP,
  checkExpirationInterval: SWEEP,
  disableTouch: 'A session that is used stays alive by itself, up to lifetime.idle of createSessions',
  expiration: "How long a session lives is said to createSessions: lifetime: { idle: '1h', absolute: '24h' }",
  endConnectionOnClose: 'A pool of yours is never closed, one of ours always. Leave endConnectionOnClose out',
};

/**
 * Keeps records in a table of MySQL 8.0.16 or newer, or MariaDB 10.2 or newer. Compare-and-set is one statement that
 * names the version, exact for everybody who writes to the same primary.
 *
 * The table is made once, by `createTable` or by somebody who runs what `schemaOf` gives. A statement waits for a
 * connection of the pool for a second and a half at most, and is not sent after that; none is ever sent twice.
 *
 * @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`, `STORE_URL_INVALID`, `DRIVER_MISSING`, or `STORE_FAILED`
 *   where MySQL does not answer, does not let us in or write, or has no such table
 *
 * @example
 * const sessions = createSessions({ store: () => openMysql({ url: 'mysql://app:secret@127.0.0.1/app' }) });
 * @example
 * const pool = createPool({ host: '127.0.0.1', database: 'app' }); // of mysql2
 * const sessions = createSessions({ store: () => openMysql({ pool, createTable: 'json' }) });
 */
export async function openMysql(options: MysqlStoreOptions): Promise<Store> {
  checkOptionNames(options, {
    whose: `${MYSQL} store: `,
    names: [...PLACE, 'createTable'],
    habits: { ...HABITS, document: 'How documents are kept is said when the table is made: createTable' },
    example: `openMysql(${EXAMPLE})`,
  });
  const { createTable: form } = options;
  if (form !== undefined) checkForm('createTable', form);
  return withTable(options, async (driver, name, close) => {
    if (form !== undefined) await makeTable(driver, name, form);
    const facts = await checkTable(driver, name);
    const statements = mysqlStatements(quoted(name), facts.form);
    for (const nothing of statements.nothings) await driver.write('opening', nothing, [], () => undefined);
    return new MysqlStore(driver, statements, facts, close);
  });
}

/**
 * Makes the table and its indexes in one statement. A table that is there already stays as it is. The user needs the
 * right to CREATE, which the application itself does not.
 *
 * @throws CoatcheckError as `openMysql` does, and `STORE_FAILED` where somebody else's table has the name, or the table
 *   keeps documents in the other form
 *
 * @example
 * await createTable({ url: 'mysql://admin:secret@127.0.0.1/app', document: 'json' });
 */
export async function createTable(options: MysqlTableOptions): Promise<void> {
  checkOptionNames(options, {
    whose: 'createTable: ',
    names: [...PLACE, 'document'],
    habits: HABITS,
    example: `createTable(${EXAMPLE})`,
  });
  const { document: form = 'json' } = options;
  checkForm('document', form);
  await withTable(options, async (driver, name, close) => {
    await makeTable(driver, name, form);
    await close?.();
  });
}

/**
 * The statement that `createTable` runs, as text for whoever makes tables by hand.
 *
 * @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`
 *
 * @example
 * console.log(schemaOf({ database: 'web', document: 'json' }));
 */
export function schemaOf(options: Pick<MysqlTableOptions, 'table' | 'database' | 'document'> = {}): string {
  checkOptionNames(options, {
    whose: 'schemaOf: ',
    names: ['table', 'database', 'document'],
    habits: HABITS,
    example: "schemaOf({ document: 'json' })",
  });
  const { document: form = 'json' } = options;
  checkForm('document', form);
  return tableDdl(nameOf(options), form);
}

const EXAMPLE = "{ url: 'mysql://user:password@127.0.0.1/database' }";

type Use<T> = (driver: MysqlDriver, name: TableName, close: OpenedPool['close'] | undefined) => Promise<T>;

async function withTable<T>(options: Omit<MysqlStoreOptions, 'createTable'>, use: Use<T>): Promise<T> {
  const name = nameOf(options);
  const { driver, close } = await connect(options);
  try {
    return await inTime(use(driver, name, close), silent(MYSQL));
  } catch (error) {
    await close?.();
    throw error;
  }
}

function nameOf({ table = 'coatcheck_sessions', database }: Pick<MysqlStoreOptions, 'table' | 'database'>): TableName {
  checkName(MYSQL, 'table', table, 64);
  if (database !== undefined) checkName(MYSQL, 'database', database, 64);
  return { database, table };
}

async function connect({ pool, url, tls }: Omit<MysqlStoreOptions, 'createTable'>): Promise<{
  driver: MysqlDriver;
  close?: OpenedPool['close'];
}> {
  if ((pool === undefined) === (url === undefined)) invalid('give either `pool` or `url`');
  if (url === undefined) {
    if (tls !== undefined) invalid('`tls` goes with `url`; a pool brings its own');
    return { driver: new MysqlDriver(corePool(await promised(pool))) };
  }
  if (typeof url !== 'string') invalid('`url` must be text');
  const opened = await openPool(parseMysqlUrl(url), tls);
  return { driver: new MysqlDriver(opened.pool), close: opened.close };
}

async function promised(pool: MysqlStoreOptions['pool']): Promise<unknown> {
  try {
    return await pool;
  } catch (error) {
    throw mysqlFailure(error, 'opening', 'none');
  }
}

function checkForm(option: string, form: unknown): void {
  if (form !== 'json' && form !== 'bytes') invalid(`\`${option}\` is 'json' or 'bytes'`);
}

function invalid(what: string): never {
  throw new CoatcheckError('OPTION_INVALID', `${MYSQL} store: ${what}.`);
}
