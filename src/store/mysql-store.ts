import { Buffer } from 'node:buffer';
import { CoatcheckError } from '../errors.ts';
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
import type { MysqlDriver } from './mysql-driver.ts';
import { isCheck, isDuplicate, MYSQL } from './mysql-errors.ts';
import type { TableFacts } from './mysql-schema.ts';
import { MOST_KEYS, type MysqlStatements, SWEEP_ROWS } from './mysql-statements.ts';
import { documentFromBytes, documentFromJson, jsonFrom, wrapped } from './sql-document.ts';
import { recordFrom, type SqlRow, wholeTime } from './sql-row.ts';

interface Row extends SqlRow {
  readonly key: string;
  readonly document: Uint8Array;
  readonly is_text?: number;
}

/** What a MEDIUMBLOB and one packet of the protocol hold. */
const MAX_BYTES = 16 * 1024 * 1024 - 1;
/** Of a statement, what is not the document. */
const STATEMENT_BYTES = 4096;

/** The verbs. None that a request waits for is an async function, and each answer passes one promise. */
export class MysqlStore implements Store {
  readonly capabilities: Capabilities;
  readonly #driver: MysqlDriver;
  readonly #sql: MysqlStatements;
  readonly #json: boolean;
  readonly #maxBytes: number;
  readonly #close: (() => Promise<void>) | undefined;

  constructor(driver: MysqlDriver, sql: MysqlStatements, facts: TableFacts, close?: () => Promise<void>) {
    this.#driver = driver;
    this.#sql = sql;
    this.#json = facts.form === 'json';
    this.#maxBytes = Math.min(MAX_BYTES, facts.maxPacket) - STATEMENT_BYTES;
    this.#close = close;
    this.capabilities = {
      atomic: 'store',
      reads: 'strong',
      owners: true,
      scan: true,
      bytes: true,
      // In a column for JSON bytes are base64, which makes four of three, with a few letters round it.
      maxBytes: this.#json ? Math.floor((this.#maxBytes - 32) * 0.75) : this.#maxBytes,
    };
  }

  read(key: string): Promise<StoredRecord | undefined> {
    return this.#driver.rows('read', this.#sql.read, [key], (rows: readonly Row[]) => rows[0] && this.#record(rows[0]));
  }

  readMany(keys: readonly string[]): Promise<readonly (StoredRecord | Error | undefined)[]> {
    if (keys.length <= MOST_KEYS) return this.#readSome(keys);
    const parts = Array.from({ length: Math.ceil(keys.length / MOST_KEYS) }, (_, i) =>
      this.#readSome(keys.slice(i * MOST_KEYS, (i + 1) * MOST_KEYS)),
    );
    return Promise.all(parts).then((records) => records.flat());
  }

  #readSome(keys: readonly string[]): Promise<readonly (StoredRecord | Error | undefined)[]> {
    const places = 2 ** Math.ceil(Math.log2(keys.length));
    return this.#driver.rows('read', this.#sql.readMany(places), filled(keys, places), (rows: readonly Row[]) => {
      const found = new Map(rows.map((row) => [row.key, row]));
      return keys.map((key) => {
        const row = found.get(key);
        try {
          return row && this.#record(row);
        } catch (error) {
          return error as Error;
        }
      });
    });
  }

  create(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<Created> {
    return this.#attempt(() => {
      const version = crypto.randomUUID();
      const values = this.#values(key, version, expiresAt, owner);
      return this.#write<Created>(
        'create',
        document,
        (kept) => [values.key, ...kept, ...values.rest],
        () => ({ result: 'ok', version }),
        (error) => (isDuplicate(error) ? this.read(key).then((current) => ({ result: 'exists', current })) : undefined),
      );
    });
  }

  update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    return this.#attempt(() => {
      const next = crypto.randomUUID();
      const rest = [next, wholeTime(MYSQL, expiresAt), key, String(version)];
      return this.#write<Updated>(
        'update',
        document,
        (kept) => [...kept, ...rest],
        (rows) => {
          if (rows > 0) return { result: 'ok', version: next };
          return this.read(key).then((current) => (current ? { result: 'conflict', current } : { result: 'gone' }));
        },
      );
    });
  }

  touch(key: string, version: Version, expiresAt: number): Promise<boolean> {
    return this.#attempt(() => {
      const at = [key, String(version)];
      // A pool without the flag FOUND_ROWS counts no row whose end lies later already.
      return this.#driver.write(
        'touch',
        this.#sql.touch,
        [wholeTime(MYSQL, expiresAt), ...at],
        (rows): boolean | Promise<boolean> =>
          rows > 0 || this.#driver.rows('touch', this.#sql.stands, at, (found) => found.length > 0),
      );
    });
  }

  destroy(key: string): Promise<boolean> {
    return this.#driver.write('destroy', this.#sql.destroy, [key], (rows) => rows > 0);
  }

  put(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<void> {
    return this.#attempt(() => {
      const values = this.#values(key, crypto.randomUUID(), expiresAt, owner);
      return this.#write<void>(
        'put',
        document,
        (kept) => [values.key, ...kept, ...values.rest],
        () => undefined,
      );
    });
  }

  listOwned(owner: string): Promise<readonly string[]> {
    return this.#driver.rows('listOwned', this.#sql.listOwned, [owner], (rows: readonly Row[]) =>
      rows.map((row) => row.key),
    );
  }

  forget(owner: string, key: string): Promise<void> {
    return this.#driver.write('forget', this.#sql.forget, [key, owner], () => undefined);
  }

  async sweep(now: number, limit: number): Promise<number> {
    let gone = 0;
    for (let left = Math.floor(limit); left > 0; ) {
      const rows = Math.min(SWEEP_ROWS, left);
      const found = await this.#driver.rows('sweep', this.#sql.expired(rows), [now], keysOf);
      if (found.length === 0) break;
      const values = [...filled(found, SWEEP_ROWS), now];
      gone += await this.#driver.write('sweep', this.#sql.sweep, values, (deleted) => deleted);
      left -= found.length;
      if (found.length < rows) break;
    }
    return gone;
  }

  scan(cursor: string | undefined, limit: number): Promise<Scanned> {
    const most = Math.max(1, Math.floor(limit));
    return this.#driver.rows('scan', this.#sql.scan(most), [cursor ?? ''], (rows: readonly Row[]) => ({
      entries: rows.map((row) => ({
        key: row.key,
        expiresAt: Number(row.expires_at),
        owner: row.owner ?? undefined,
      })),
      cursor: rows.length < most ? undefined : rows.at(-1)?.key,
    }));
  }

  async close(): Promise<void> {
    this.#driver.close();
    await this.#close?.();
  }

  /** Writes a document; where the database says that it is no JSON, once more as one that is. */
  #write<T>(
    verb: 'create' | 'update' | 'put',
    document: Document,
    values: (kept: readonly unknown[]) => readonly unknown[],
    take: (rows: number) => T | Promise<T>,
    failed?: (error: unknown) => Promise<T> | undefined,
  ): Promise<T> {
    const sql = this.#sql[verb];
    if (!this.#json) {
      return this.#driver.write(verb, sql, values([this.#bytes(verb, document), isText(document)]), take, failed);
    }
    const json = jsonFrom(document);
    return this.#driver.write(verb, sql, values([this.#bytes(verb, json)]), take, (error) => {
      if (json !== document || !isCheck(error)) return failed?.(error);
      return this.#driver.write(verb, sql, values([this.#bytes(verb, wrapped(document))]), take, failed);
    });
  }

  /** As bytes: a connection need not speak UTF-8, and each sql_mode has its own idea of what a text is. */
  #bytes(verb: string, document: Document): Buffer {
    // Not a view: it may be sent later, when the caller has gone on with the bytes.
    const bytes = typeof document === 'string' ? Buffer.from(document, 'utf8') : Buffer.from(document);
    if (bytes.length <= this.#maxBytes) return bytes;
    throw new CoatcheckError(
      'SESSION_TOO_LARGE',
      `${MYSQL} store, ${verb}: the record has more than the ${this.#maxBytes} bytes that fit here (max_allowed_packet, 16 MB at most).`,
      { outcome: 'none' },
    );
  }

  #values(key: string, version: string, expiresAt: number, owner: Owner | undefined): { key: string; rest: unknown[] } {
    checkAscii('a key', key, 128);
    if (owner !== undefined) checkAscii('the name of an owner', owner.name, 255);
    const until = owner === undefined ? null : wholeTime(MYSQL, owner.until);
    return { key, rest: [version, wholeTime(MYSQL, expiresAt), owner?.name ?? null, until] };
  }

  #record(row: Row): StoredRecord {
    const { document } = row;
    const found = this.#json
      ? documentFromJson(textFrom(document))
      : row.is_text
        ? textFrom(document)
        : documentFromBytes(document, false);
    return recordFrom(MYSQL, 'read', row, found);
  }

  #attempt<T>(act: () => Promise<T>): Promise<T> {
    try {
      return act();
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

/** The driver's Buffer knows a faster way than a TextDecoder, and keeps a byte order mark as well. */
function textFrom(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

const isText = (document: Document): number => (typeof document === 'string' ? 1 : 0);

const keysOf = (rows: readonly { key: string }[]): string[] => rows.map(({ key }) => key);

/** So many keys as the statement has places: the last one is named again. */
function filled(keys: readonly string[], places: number): string[] {
  return Array.from({ length: places }, (_, i) => keys[Math.min(i, keys.length - 1)] as string);
}

/** The column is ASCII: another letter would become a question mark where sql_mode is not strict, and meet a stranger's. */
function checkAscii(what: string, text: string, most: number): void {
  if (text.length <= most && /^[!-~]+$/.test(text)) return;
  throw new CoatcheckError(
    'OPTION_INVALID',
    `${MYSQL} store: ${what} must be ${most} printable characters of ASCII at most, without blanks.`,
    { outcome: 'none' },
  );
}
