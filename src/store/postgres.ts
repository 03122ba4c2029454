/*
 * The layout, statement by statement (postgres-statements.ts has them to the letter, postgres-schema.ts the table). One
 * row a record; the owner stands in the same row, so that the index of owners cannot drift. Each verb is one statement
 * in a transaction of its own, on a connection of the pool that nobody else has meanwhile.
 *
 *   read       SELECT ... WHERE key = $1
 *   readMany   SELECT ... WHERE key = ANY ($1)
 *   create     INSERT ... ON CONFLICT (key) DO NOTHING           where it is taken: read
 *   update     UPDATE ... WHERE key = $1 AND version = $2         where no row was: read
 *   touch      UPDATE ... SET expires_at = greatest(...) WHERE key = $1 AND version = $2
 *   put        INSERT ... ON CONFLICT (key) DO UPDATE
 *   destroy    DELETE ... WHERE key = $1
 *   listOwned  SELECT key ... WHERE owner = $1
 *   forget     UPDATE ... SET owner = NULL WHERE key = $1 AND owner = $2
 *   sweep      DELETE ... of rows that are expired and not locked, 500 at a time
 *   scan       SELECT ... WHERE key > cursor ORDER BY key LIMIT n
 *
 * `coatcheck_schema`, beside the table, has a row for each table: the number of its form, and how it keeps documents.
 */
import { CoatcheckError } from '../errors.ts';
import { checkOptionNames } from '../option-names.ts';
import type { Store } from './contract.ts';
import { inTime, silent } from './opening.ts';
import { postgresFailure } from './postgres-errors.ts';
import { type OpenedPool, openPool } from './postgres-open.ts';
import { type PostgresPool, PostgresRunner } from './postgres-pool.ts';
import { checkTable, makeTable, quoted, type TableName, tableDdl } from './postgres-schema.ts';
import { PostgresStore } from './postgres-store.ts';
import type { DocumentForm } from './sql-document.ts';
import { checkName, SQL_HABITS } from './sql-names.ts';

export type { PostgresPool } from './postgres-pool.ts';
export type { DocumentForm } from './sql-document.ts';

/** Exactly one of `pool` and `url`. */
export interface PostgresStoreOptions {
  /**
   * A `Pool` of `pg` 8 or newer, or a promise of one. It is neither changed nor closed. Not a single `Client`: what the
   * store writes on one would be a part of the transaction that you have open there. docs/stores/postgres.md says how to
   * set it up so that no call waits for ever.
   */
  readonly pool?: PostgresPool | Promise<PostgresPool>;
  /** `postgres://user:password@host:5432/database?sslmode=verify-full`. Never one that came with a request. */
  readonly url?: string;
  /** The table's name: a letter or `_`, then letters, digits and `_`, 63 at most. Default `coatcheck_sessions`. */
  readonly table?: string;
  /** Where the table stands. Default: where the connection's `search_path` finds it. */
  readonly schema?: string;
  /** Makes the table where it is missing, with documents in this form. Default: a missing table is an error. */
  readonly createTable?: DocumentForm;
}

/** Which table `createTable` makes, and where. */
export interface PostgresTableOptions extends Omit<PostgresStoreOptions, 'createTable'> {
  /**
   * `'json'` (default): a column of type `json`, which keeps our text to the letter, for people to look at. `'bytes'`: one
   * of type `bytea`, for other codecs.
   */
  readonly document?: DocumentForm;
}

const PLACE = ['pool', 'url', 'table', 'schema'];

const URL_SAYS = "Where PostgreSQL is and how to get in stands in url: 'postgres://user:password@host:5432/database'";
const POOL = 'A pool of yours is called pool: { pool: new Pool() }';
const SWEEP = "How often expired records are removed is said to createSessions: sweep: '10m'";

/** Of connect-pg-simple, and of `pg` where a URL says the same. */
const HABITS: Readonly<Record<string, string>> = {
  ...SQL_HABITS,
  client: 'A single Client may have a transaction open. Give a pool: { pool: new Pool() }',
  pgPromise: POOL,
  knex: POOL,
  conString: URL_SAYS,
  connectionString: URL_SAYS,
  conObject: URL_SAYS,
  host: URL_SAYS,
  port: URL_SAYS,
  user: URL_SAYS,
  password: URL_SAYS,
  database: URL_SAYS,
  ssl: 'How the connection is secured stands in the URL, as in ?sslmode=verify-full, or in a pool of yours',
  schemaName: 'The name of the schema is called schema',
  createTableIfMissing: "The option is called createTable: 'json'",
  pruneSessionInterval: SWEEP,
  pruneSessionRandomizedInterval: SWEEP,
  pruneSessionWithTimer: SWEEP,
  errorLog: "Errors of the store are told by the sessions' event store-error",
};

/**
 * Keeps records in a table of PostgreSQL 14 or newer. Compare-and-set is one statement that names the version, exact for
 * everybody.
 *
 * The table is made once, by `createTable` or by somebody who runs what `schemaOf` gives.
 *
 * @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`, `STORE_URL_INVALID`, `DRIVER_MISSING`, or `STORE_FAILED`
 *   where PostgreSQL does not answer or does not let us in, or the table is missing
 *
 * @example
 * const sessions = createSessions({ store: await openPostgres({ url: 'postgres://app:secret@127.0.0.1/app' }) });
 * @example
 * const sessions = createSessions({ store: await openPostgres({ pool: new Pool(), createTable: 'json' }) });
 */
export async function openPostgres(options: PostgresStoreOptions): Promise<Store> {
  checkOptionNames(options, {
    whose: 'PostgreSQL store: ',
    names: [...PLACE, 'createTable'],
    habits: { ...HABITS, document: 'How documents are kept is said when the table is made: createTable' },
    example: "openPostgres({ url: 'postgres://user:password@127.0.0.1/database' })",
  });
  const { createTable: form } = options;
  if (form !== undefined) checkForm('createTable', form);
  return withTable(options, async (runner, name, close) => {
    const found = await (form === undefined ? checkTable(runner, name) : makeTable(runner, name, form));
    if (form !== undefined && form !== found) throw otherForm(name, found, form);
    return new PostgresStore(runner, quoted(name), found, close);
  });
}

/**
 * Makes the table, its indexes and, where it is missing, `coatcheck_schema`, all in one transaction. A table that is
 * there already stays as it is.
 *
 * @throws CoatcheckError as `openPostgres` does, and `STORE_FAILED` where somebody else's table has the name, or the
 *   table keeps documents in the other form
 *
 * @example
 * await createTable({ url: 'postgres://owner:secret@127.0.0.1/app', document: 'json' });
 */
export async function createTable(options: PostgresTableOptions): Promise<void> {
  checkOptionNames(options, {
    whose: 'createTable: ',
    names: [...PLACE, 'document'],
    habits: HABITS,
    example: "createTable({ url: 'postgres://user:password@127.0.0.1/database' })",
  });
  const { document: form = 'json' } = options;
  checkForm('document', form);
  await withTable(options, async (runner, name, close) => {
    const found = await makeTable(runner, name, form);
    if (form !== found) throw otherForm(name, found, form);
    await close?.();
  });
}

/**
 * The statements that `createTable` runs, as text for whoever makes tables by hand. Run them in one transaction.
 *
 * @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`
 *
 * @example
 * console.log(schemaOf({ schema: 'web', document: 'json' }));
 */
export function schemaOf(options: Pick<PostgresTableOptions, 'table' | 'schema' | 'document'> = {}): string {
  checkOptionNames(options, {
    whose: 'schemaOf: ',
    names: ['table', 'schema', 'document'],
    habits: HABITS,
    example: "schemaOf({ document: 'json' })",
  });
  const { document: form = 'json' } = options;
  checkForm('document', form);
  return tableDdl(nameOf(options), form);
}

type Use<T> = (runner: PostgresRunner, name: TableName, close: OpenedPool['close'] | undefined) => Promise<T>;

async function withTable<T>(options: Omit<PostgresStoreOptions, 'createTable'>, use: Use<T>): Promise<T> {
  const name = nameOf(options);
  if ((options.pool === undefined) === (options.url === undefined)) invalid('give either `pool` or `url`');
  const { pool, close } = await connect(options);
  try {
    return await inTime(use(new PostgresRunner(pool), name, close), silent('PostgreSQL'));
  } catch (error) {
    await close?.();
    throw error;
  }
}

async function connect({
  pool,
  url,
}: PostgresStoreOptions): Promise<{ pool: PostgresPool; close?: OpenedPool['close'] }> {
  if (url !== undefined) return openPool(url);
  let given: unknown;
  try {
    given = await pool;
  } catch (error) {
    throw postgresFailure(error, 'opening', 'connecting');
  }
  const { connect: connecting, totalCount, release } = (given ?? {}) as Record<string, unknown>;
  if (typeof connecting === 'function' && typeof totalCount === 'number' && release === undefined) {
    return { pool: given as PostgresPool };
  }
  return invalid(
    '`pool` must be a Pool of pg, no Client: what is written on a Client is a part of the transaction that is open there',
  );
}

function nameOf({ table = 'coatcheck_sessions', schema }: Pick<PostgresStoreOptions, 'table' | 'schema'>): TableName {
  const own = { names: /^pg_/i, why: 'Names that begin with pg_ are PostgreSQL’s own.' };
  checkName('PostgreSQL', 'table', table, 63, own);
  if (schema !== undefined) checkName('PostgreSQL', 'schema', schema, 63, own);
  return { table, schema };
}

function checkForm(option: string, form: unknown): void {
  if (form !== 'json' && form !== 'bytes') invalid(`\`${option}\` is 'json' or 'bytes'`);
}

function otherForm({ table }: TableName, found: DocumentForm, wanted: DocumentForm): CoatcheckError {
  return new CoatcheckError(
    'STORE_FAILED',
    `PostgreSQL store: ${table} keeps documents as ${found}, not as ${wanted}. Write '${found}', or choose another \`table\`.`,
    { outcome: 'none' },
  );
}

function invalid(what: string): never {
  throw new CoatcheckError('OPTION_INVALID', `PostgreSQL store: ${what}.`);
}
