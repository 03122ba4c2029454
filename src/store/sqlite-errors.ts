import { CoatcheckError, type Outcome } from '../errors.ts';

/** In every message. */
export const SQLITE = 'SQLite';

/** SQLite's primary result codes that have something of their own to say (sqlite.org/rescode.html). */
const CODES = {
  PERM: 3,
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  NOTADB: 26,
} as const;

const ADVICE: Readonly<Record<number, string>> = {
  [CODES.PERM]: 'the file may not be opened: give this process the right to read and write it',
  [CODES.BUSY]: 'another writer holds the database; the call may be made again',
  [CODES.LOCKED]: 'another writer holds the table; the call may be made again',
  [CODES.READONLY]: 'the database is read-only: give this process the right to write the file and its folder',
  [CODES.IOERR]: 'the disk failed: look at the disk and its file system',
  [CODES.CORRUPT]: 'the file is damaged: bring it back from a copy, or remove it to begin anew',
  [CODES.FULL]: 'the disk or the database is full: make room',
  [CODES.CANTOPEN]: 'the file cannot be opened: look at its path and rights',
  [CODES.NOTADB]: 'the file is no SQLite database: name another one',
};

/**
 * What a driver threw, as an error of ours: names the store, the operation and what to do. Only a lock that somebody
 * else holds is worth another attempt.
 */
export function sqliteFailure(error: unknown, operation: string, outcome: Outcome): CoatcheckError {
  if (error instanceof CoatcheckError) return error;
  const advice = ADVICE[primaryCode(error)] ?? adviceByMessage(error);
  return new CoatcheckError('STORE_FAILED', `SQLite store, ${operation}: ${advice}.`, {
    cause: error,
    outcome,
    retryable: isBusy(error),
  });
}

function adviceByMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  if (/within a transaction/.test(message)) {
    return 'your own transaction is open on the connection: give the store a connection of its own';
  }
  // libsql gives no code when it opens a file.
  if (/unable to open/i.test(message)) return `${ADVICE[CODES.CANTOPEN]}`;
  return 'the driver failed: see `cause`';
}

export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === CODES.BUSY || code === CODES.LOCKED;
}

/** `errcode` is node:sqlite's (a number), `code` the text of libsql and better-sqlite3; both may be extended codes. */
function primaryCode(error: unknown): number {
  const { errcode, code } = (error ?? {}) as { errcode?: unknown; code?: unknown };
  if (typeof errcode === 'number') return errcode & 0xff;
  const name = typeof code === 'string' ? /^SQLITE_([A-Z]+)/.exec(code)?.[1] : undefined;
  return name !== undefined && Object.hasOwn(CODES, name) ? CODES[name as keyof typeof CODES] : 0;
}
