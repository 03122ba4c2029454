import { Buffer } from 'node:buffer';
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
import { closedStore } from './postgres-errors.ts';
import type { PostgresResult, PostgresRunner, Statement } from './postgres-pool.ts';
import { type PostgresStatements, postgresStatements, timestamp } from './postgres-statements.ts';
import { type DocumentForm, documentFromBytes, documentFromJson, jsonFrom, wrapped } from './sql-document.ts';
import { recordFrom, type SqlRow, wholeTime } from './sql-row.ts';

interface Row extends SqlRow {
  readonly key: string;
  readonly document: string;
  readonly is_text?: string;
}

/** PostgreSQL takes a value of 1 GB; a text that is no JSON may take six times its own length. */
const MAX_BYTES = 128 * 1024 * 1024;
/** How many rows one statement of a sweep deletes: a few milliseconds. */
const SWEEP_ROWS = 500;
/** Before every time, as PostgreSQL writes it. */
const BEGINNING = '-infinity';
/** Refusals of a text that is no JSON, has a NUL, or is nested too deeply. */
const NO_JSON = new Set(['22P02', '22021', '54001']);

const ENCODER = new TextEncoder();

/** The verbs. None is an async function, and none makes more than one promise where it asks once. */
export class PostgresStore implements Store {
  readonly capabilities: Capabilities = {
    atomic: 'store',
    reads: 'strong',
    owners: true,
    scan: true,
    bytes: true,
    maxBytes: MAX_BYTES,
  };
  readonly #runner: PostgresRunner;
  readonly #statements: PostgresStatements;
  readonly #form: DocumentForm;
  readonly #close: (() => Promise<void>) | undefined;
  /**
   * Where the next sweep goes on. What was deleted stands in the index until the next vacuum, and to step over it anew
   * each time would take longer and longer. When nothing is left from there on, it begins anew.
   */
  #sweptTo = BEGINNING;
  #closed = false;

  constructor(runner: PostgresRunner, table: string, form: DocumentForm, close?: () => Promise<void>) {
    this.#runner = runner;
    this.#statements = postgresStatements(table, form);
    this.#form = form;
    this.#close = close;
  }

  read(key: string): Promise<StoredRecord | undefined> {
    return this.#run(this.#statements.read, [key], firstRecord);
  }

  readMany(keys: readonly string[]): Promise<readonly (StoredRecord | Error | undefined)[]> {
    return this.#run(this.#statements.readMany, [keys], ({ rows }) => {
      const found = new Map((rows as unknown as Row[]).map((row) => [row.key, row]));
      return keys.map((key) => {
        const row = found.get(key);
        return row === undefined ? undefined : recordOrError(row);
      });
    });
  }

  create(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<Created> {
    const version = crypto.randomUUID();
    const values = (): unknown[] => [key, null, version, ...times(expiresAt, owner)];
    return this.#write(this.#statements.create, document, 1, values, ({ rowCount }) =>
      rowCount === 1 ? { result: 'ok', version } : this.#taken(key),
    );
  }

  update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    const next = crypto.randomUUID();
    const values = (): unknown[] => [key, String(version), null, next, time(expiresAt)];
    return this.#write(this.#statements.update, document, 2, values, ({ rowCount }) =>
      rowCount === 1 ? { result: 'ok', version: next } : this.#moved(key),
    );
  }

  touch(key: string, version: Version, expiresAt: number): Promise<boolean> {
    try {
      return this.#run(this.#statements.touch, [key, String(version), time(expiresAt)], changed);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  destroy(key: string): Promise<boolean> {
    return this.#run(this.#statements.destroy, [key], changed);
  }

  put(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<void> {
    const values = (): unknown[] => [key, null, crypto.randomUUID(), ...times(expiresAt, owner)];
    return this.#write(this.#statements.put, document, 1, values, nothing);
  }

  listOwned(owner: string): Promise<readonly string[]> {
    return this.#run(this.#statements.listOwned, [owner], ({ rows }) => rows.map(({ key }) => key as string));
  }

  forget(owner: string, key: string): Promise<void> {
    return this.#run(this.#statements.forget, [key, owner], nothing);
  }

  async sweep(now: number, limit: number): Promise<number> {
    const before = timestamp(Math.floor(now));
    let gone = 0;
    while (gone < limit) {
      const rows = Math.min(SWEEP_ROWS, limit - gone);
      const from = this.#sweptTo;
      const { count, last } = await this.#run(this.#statements.sweep, [before, rows, from], swept);
      gone += count;
      this.#sweptTo = count < rows ? BEGINNING : last;
      if (count < rows && from === BEGINNING) break;
    }
    return gone;
  }

  scan(cursor: string | undefined, limit: number): Promise<Scanned> {
    return this.#run(this.#statements.scan, [cursor ?? '', limit], ({ rows }) => {
      const entries = (rows as unknown as Row[]).map(({ key, expires_at, owner }) => ({
        key,
        expiresAt: Number(expires_at),
        owner: owner ?? undefined,
      }));
      return { entries, cursor: entries.length < limit ? undefined : entries.at(-1)?.key };
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#runner.close();
    await this.#close?.();
  }

  async #taken(key: string): Promise<Created> {
    return { result: 'exists', current: await this.read(key) };
  }

  async #moved(key: string): Promise<Updated> {
    const current = await this.read(key);
    return current ? { result: 'conflict', current } : { result: 'gone' };
  }

  /**
   * @param at where the document stands among the values
   * @param values the others
   */
  #write<T>(
    statement: Statement,
    document: Document,
    at: number,
    values: () => unknown[],
    read: (result: PostgresResult) => T | Promise<T>,
  ): Promise<T> {
    let all: unknown[];
    try {
      all = values();
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#form === 'bytes') {
      // A copy, for it is sent later, and the caller's is the caller's.
      all[at] = typeof document === 'string' ? ENCODER.encode(document) : new Uint8Array(document);
      all.push(typeof document === 'string');
      return this.#run(statement, all, read);
    }
    all[at] = jsonFrom(document);
    if (typeof document !== 'string' || all[at] !== document) return this.#run(statement, all, read);
    return this.#run(statement, all, read, (code) => {
      if (!NO_JSON.has(code)) return undefined;
      all[at] = wrapped(document);
      return all;
    });
  }

  #run<T>(
    statement: Statement,
    values: unknown[],
    read: (result: PostgresResult) => T | Promise<T>,
    instead?: (code: string) => unknown[] | undefined,
  ): Promise<T> {
    if (this.#closed) return Promise.reject(closedStore(statement.verb));
    return this.#runner.run(statement, values, read, instead);
  }
}

function firstRecord({ rows: [row] }: PostgresResult): StoredRecord | undefined {
  return row === undefined ? undefined : recordOf(row as unknown as Row);
}

function recordOf(row: Row): StoredRecord {
  const { document, is_text } = row;
  const given =
    is_text === undefined
      ? documentFromJson(document)
      : documentFromBytes(Buffer.from(document, 'base64'), is_text === 't');
  return recordFrom('PostgreSQL', 'read', row, given);
}

function recordOrError(row: Row): StoredRecord | Error {
  try {
    return recordOf(row);
  } catch (error) {
    return error as Error;
  }
}

/** How many went, and the latest end among them. */
function swept({ rows: [row] }: PostgresResult): { count: number; last: string } {
  const count = Number(row?.count);
  return { count, last: count === 0 ? BEGINNING : timestamp(Math.floor(Number(row?.last))) };
}

function changed({ rowCount }: PostgresResult): boolean {
  return (rowCount ?? 0) > 0;
}

function nothing(): void {}

function time(ms: number): string {
  return timestamp(wholeTime('PostgreSQL', ms));
}

/** Expiry, owner, and the owner's last end. */
function times(expiresAt: number, owner: Owner | undefined): [string, string | null, string | null] {
  return owner === undefined ? [time(expiresAt), null, null] : [time(expiresAt), owner.name, time(owner.until)];
}
