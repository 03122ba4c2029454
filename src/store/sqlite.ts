import { CoatcheckError, type Outcome } from '../errors.ts';
import { checkOptionNames } from '../option-names.ts';
import type {
  Capabilities,
  Created,
  Document,
  Owner,
  Scanned,
  Store,
  StoredRecord,
  Updated,
  Version,
} from './contract.ts';
import { documentFromBytes } from './sql-document.ts';
import { checkName, SQL_HABITS } from './sql-names.ts';
import { recordFrom } from './sql-row.ts';
import { isDatabase, openFile, type SqliteDatabase, type SqliteStatement } from './sqlite-driver.ts';
import { isBusy, SQLITE, sqliteFailure } from './sqlite-errors.ts';
import { prepareSchema, rollBack, tableDdl } from './sqlite-schema.ts';
import { type Row, type SqliteStatements, sqliteStatements } from './sqlite-statements.ts';

export interface SqliteStoreOptions {
  /**
   * The path of a file (or `':memory:'`), or a database that you opened: a `DatabaseSync` of `node:sqlite`, a
   * `Database` of `libsql` or `better-sqlite3`. Give the store a connection of its own: what it writes inside a
   * transaction of yours would go when you roll back, so it refuses to. It sets `busy_timeout` to 0 on it and leaves
   * all else as you set it; several processes want `PRAGMA journal_mode = WAL`.
   *
   * Never a path that came with a request.
   */
  readonly database: string | SqliteDatabase;
  /** The table's name: a letter or `_`, then letters, digits and `_`, 63 at most. Default `coatcheck_sessions`. */
  readonly table?: string;
}

const OPTIONS = ['database', 'table'];

const DATABASE = "The file, or a database that you opened, is called database: { database: './sessions.db' }";

/** Of connect-sqlite3 and better-sqlite3-session-store. */
const HABITS: Readonly<Record<string, string>> = {
  ...SQL_HABITS,
  client: DATABASE,
  db: DATABASE,
  dir: DATABASE,
  file: DATABASE,
  filename: DATABASE,
  path: DATABASE,
  url: DATABASE,
  expired: "How often expired records are removed is said to createSessions: sweep: '10m'",
};

/** SQLite's own limit for one value (SQLITE_MAX_LENGTH), with room for the rest of the row. */
const MAX_BYTES = 999_000_000;
/** How many rows one statement of a sweep deletes before the event loop has its turn. */
const SWEEP_ROWS = 50;
/** How long opening tries again while another process opens the same file, in milliseconds. */
const OPEN_PATIENCE = 5000;

/**
 * Keeps records in a SQLite file, which several processes of one machine may share. Opens the file with `node:sqlite`,
 * `libsql` or `better-sqlite3`, whichever is there first; makes a new file readable for its owner only (mode 0600).
 *
 * A call never waits for another writer, for that would stop the whole event loop: it fails with `STORE_FAILED`,
 * `retryable: true`, `outcome: 'none'`, and the core makes it again within the request's deadline. What is committed
 * survives a crash of the process; after a power cut the last commits may be missing (`synchronous = NORMAL`).
 *
 * It is a promise because a missing folder or a damaged file should end the start and not the first request; hand it to
 * `createSessions` with or without `await`.
 *
 * @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`, `STORE_URL_INVALID`, `DRIVER_MISSING`, or `STORE_FAILED`
 *   for a file that cannot be used
 *
 * @example
 * const sessions = createSessions({ store: await openSqlite({ database: './sessions.db' }) });
 */
export async function openSqlite(options: SqliteStoreOptions): Promise<Store> {
  checkOptionNames(options, {
    whose: 'SQLite store: ',
    names: OPTIONS,
    habits: HABITS,
    example: "openSqlite({ database: './sessions.db' })",
  });
  const { database: given } = options;
  const table = checkTable(options.table);
  if (typeof given !== 'string' && !isDatabase(given)) {
    throw new CoatcheckError(
      'OPTION_INVALID',
      'SQLite store: `database` must be a path, or an open database with prepare, exec and close.',
    );
  }
  const ours = typeof given === 'string';
  let database: SqliteDatabase | undefined;
  try {
    database = ours ? await openFile(given) : given;
    await prepare(database, table, ours);
    return new SqliteStore(database, sqliteStatements(database, table), ours);
  } catch (error) {
    if (ours) database?.close();
    throw sqliteFailure(error, ours ? `opening ${given}` : 'opening', 'none');
  }
}

/**
 * The statements by which a new file gets its table, as text for whoever makes tables by hand; opening makes it anyway.
 *
 * @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`
 *
 * @example
 * console.log(schemaOf({ table: 'sessions' }));
 */
export function schemaOf(options: Pick<SqliteStoreOptions, 'table'> = {}): string {
  checkOptionNames(options, {
    whose: 'schemaOf: ',
    names: ['table'],
    habits: HABITS,
    example: "schemaOf({ table: 'sessions' })",
  });
  return tableDdl(checkTable(options.table));
}

function checkTable(table = 'coatcheck_sessions'): string {
  checkName(SQLITE, 'table', table, 63, { names: /^sqlite_/i, why: 'Names that begin with sqlite_ are SQLite’s own.' });
  return table;
}

async function prepare(database: SqliteDatabase, table: string, ours: boolean): Promise<void> {
  database.exec('PRAGMA busy_timeout = 0');
  const end = performance.now() + OPEN_PATIENCE;
  for (;;) {
    try {
      if (ours) database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      return prepareSchema(database, table);
    } catch (error) {
      if (!isBusy(error) || performance.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20));
  }
}

class SqliteStore implements Store {
  readonly capabilities: Capabilities = {
    atomic: 'store',
    reads: 'strong',
    owners: true,
    scan: true,
    bytes: true,
    maxBytes: MAX_BYTES,
  };
  readonly #database: SqliteDatabase;
  /** Undefined once closed: libsql frees a connection only when no statement of it is left. */
  #statements: SqliteStatements | undefined;
  readonly #ours: boolean;

  constructor(database: SqliteDatabase, statements: SqliteStatements, ours: boolean) {
    this.#database = database;
    this.#statements = statements;
    this.#ours = ours;
  }

  async read(key: string): Promise<StoredRecord | undefined> {
    const row = this.#ask('read', (statement) => statement.get(key)) as Row | undefined | null;
    return row ? recordOf(row) : undefined;
  }

  async create(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<Created> {
    const version = crypto.randomUUID();
    const values = [key, ...kept(document), version, expiresAt, owner?.name ?? null, owner?.until ?? null];
    if (this.#change('create', values) > 0) return { result: 'ok', version };
    return { result: 'exists', current: await this.read(key) };
  }

  async update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    const next = crypto.randomUUID();
    const values = [...kept(document), next, expiresAt, key, version];
    if (this.#change('update', values) > 0) return { result: 'ok', version: next };
    const current = await this.read(key);
    return current ? { result: 'conflict', current } : { result: 'gone' };
  }

  async touch(key: string, version: Version, expiresAt: number): Promise<boolean> {
    return this.#change('touch', [expiresAt, key, version]) > 0;
  }

  async destroy(key: string): Promise<boolean> {
    return this.#change('destroy', [key]) > 0;
  }

  async put(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<void> {
    const version = crypto.randomUUID();
    const values = [key, ...kept(document), version, expiresAt, owner?.name ?? null, owner?.until ?? null];
    this.#change('put', values);
  }

  async listOwned(owner: string): Promise<readonly string[]> {
    const rows = this.#ask('listOwned', (statement) => statement.all(owner)) as { key: string }[];
    return rows.map((row) => row.key);
  }

  async forget(owner: string, key: string): Promise<void> {
    this.#change('forget', [key, owner]);
  }

  async sweep(now: number, limit: number): Promise<number> {
    let gone = 0;
    while (gone < limit) {
      const rows = Math.min(SWEEP_ROWS, limit - gone);
      const deleted = this.#change('sweep', [now, rows]);
      gone += deleted;
      if (deleted < rows) break;
      await new Promise((resolve) => setTimeout(resolve));
    }
    return gone;
  }

  async scan(cursor: string | undefined, limit: number): Promise<Scanned> {
    const rows = this.#ask('scan', (statement) => statement.all(cursor ?? '', limit)) as Omit<Row, 'document'>[];
    const entries = rows.map((row) => ({ key: row.key, expiresAt: row.expires_at, owner: row.owner ?? undefined }));
    return { entries, cursor: rows.length < limit ? undefined : rows.at(-1)?.key };
  }

  async close(): Promise<void> {
    if (this.#statements === undefined) return;
    this.#statements = undefined;
    if (this.#ours) this.#database.close();
  }

  #ask<T>(operation: keyof SqliteStatements, query: (statement: SqliteStatement) => T): T {
    const statement = this.#statement(operation);
    try {
      return query(statement);
    } catch (error) {
      throw sqliteFailure(error, operation, 'none');
    }
  }

  /**
   * One writing statement in a transaction that takes the write lock at its beginning, so that SQLITE_BUSY can only
   * meet BEGIN. A prepared statement of libsql that ends in SQLITE_BUSY is not reset: it holds the connection in an old
   * snapshot, and every later write of the process fails.
   */
  #change(operation: keyof SqliteStatements, values: readonly unknown[]): number {
    const statement = this.#statement(operation);
    let outcome: Outcome = 'none';
    let begun = false;
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      begun = true;
      const changes = Number(statement.run(...values).changes);
      outcome = 'unknown';
      this.#database.exec('COMMIT');
      return changes;
    } catch (error) {
      // A COMMIT that met a lock has changed nothing and is rolled back; after any other failure of it nobody knows.
      if (isBusy(error)) outcome = 'none';
      if (begun) rollBack(this.#database);
      throw sqliteFailure(error, operation, outcome);
    }
  }

  #statement(operation: keyof SqliteStatements): SqliteStatement {
    if (this.#statements) return this.#statements[operation];
    throw new CoatcheckError('STORE_FAILED', `SQLite store, ${operation}: the store was closed.`, { outcome: 'none' });
  }
}

function recordOf(row: Row): StoredRecord {
  return recordFrom(SQLITE, 'read', row, given(row));
}

/** The values of the columns `document` and `is_text`. */
function kept(document: Document): [Document, number] {
  if (typeof document !== 'string') return [document, 0];
  return [document.includes('\0') ? new TextEncoder().encode(document) : document, 1];
}

function given({ document, is_text }: Row): Document {
  if (typeof document === 'string') return document;
  return documentFromBytes(document, is_text !== 0);
}
