import { stat, open as touchFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CoatcheckError } from '../errors.ts';

/** What `node:sqlite`, `libsql` and `better-sqlite3` have in common. */
export interface SqliteStatement {
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
  run(...values: unknown[]): { readonly changes: number | bigint };
}

/** An open database: a `DatabaseSync` of `node:sqlite`, or a `Database` of `libsql` or `better-sqlite3`. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  close(): unknown;
}

type Opener = (path: string) => SqliteDatabase;

interface Driver {
  readonly name: string;
  readonly runsHere: boolean;
  readonly opener: (module: Record<string, unknown>) => Opener;
}

const fromDefault = (module: Record<string, unknown>): Opener => {
  const Database = module.default as new (path: string, options: object) => SqliteDatabase;
  return (path) => new Database(path, { timeout: 0 });
};

const DRIVERS: readonly Driver[] = [
  {
    name: 'node:sqlite',
    runsHere: true,
    opener: (module) => {
      const Database = module.DatabaseSync as new (path: string) => SqliteDatabase;
      return (path) => new Database(path);
    },
  },
  { name: 'libsql', runsHere: true, opener: fromDefault },
  // Its version 13 ends the whole process with SIGSEGV on an older Node-API (WiseLibs/better-sqlite3 issue 1514).
  { name: 'better-sqlite3', runsHere: nodeAtLeast(22, 14), opener: fromDefault },
];

/**
 * Opens the file with the first driver that is there, making it readable for its owner only where it is new.
 *
 * @throws CoatcheckError `STORE_URL_INVALID` for what can be no database file, `DRIVER_MISSING` where there is no
 *   driver; else what the driver throws
 */
export async function openFile(path: string): Promise<SqliteDatabase> {
  checkPath(path);
  const opener = await findOpener();
  if (path !== ':memory:') await prepareFile(path);
  return opener(path);
}

export function isDatabase(value: unknown): value is SqliteDatabase {
  const database = value as Partial<SqliteDatabase> | null;
  return (
    typeof database === 'object' &&
    typeof database?.prepare === 'function' &&
    typeof database.exec === 'function' &&
    typeof database.close === 'function'
  );
}

function checkPath(path: string): void {
  // The scheme of a URL has two letters at least, a drive of Windows has one. The text is not repeated: it may hold a token.
  if (path === '' || path.includes('\0') || (path !== ':memory:' && /^(:|[a-z][a-z0-9+.-]+:)/i.test(path))) {
    throw new CoatcheckError(
      'STORE_URL_INVALID',
      "SQLite store: `database` must be the path of a local file, such as './sessions.db', or ':memory:'; no URL.",
    );
  }
}

async function findOpener(): Promise<Opener> {
  const causes: unknown[] = [];
  for (const { name, runsHere, opener } of DRIVERS) {
    if (!runsHere) continue;
    try {
      return opener((await import(name)) as Record<string, unknown>);
    } catch (error) {
      causes.push(error);
    }
  }
  throw new CoatcheckError(
    'DRIVER_MISSING',
    'SQLite store: no driver was found. Use Node 22.13 or newer, which has node:sqlite, or run `npm install libsql`.',
    { cause: new AggregateError(causes, 'node:sqlite, libsql and better-sqlite3 could not be loaded') },
  );
}

async function prepareFile(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isFile()) return;
  if (there) throw new CoatcheckError('STORE_URL_INVALID', `SQLite store: ${path} is no file. Name a file in it.`);
  try {
    // Only ever a new file: to open and close one that SQLite holds in this process drops its POSIX locks.
    await (await touchFile(path, 'wx', 0o600)).close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new CoatcheckError(
        'STORE_URL_INVALID',
        `SQLite store: there is no folder ${dirname(path)}. Make it first.`,
        { cause: error },
      );
    }
    throw new CoatcheckError(
      'STORE_FAILED',
      `SQLite store: ${path} cannot be created (${code}). Give this process the right to write there.`,
      { cause: error, outcome: 'none' },
    );
  }
}

function nodeAtLeast(major: number, minor: number): boolean {
  const [here = 0, hereMinor = 0] = (globalThis.process?.versions.node ?? '').split('.').map(Number);
  return here > major || (here === major && hereMinor >= minor);
}
