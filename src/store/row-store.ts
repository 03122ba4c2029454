import { CoatcheckError } from '../errors.ts';
import type { Capabilities, Created, Document, Scanned, Store, StoredRecord, Updated, Version } from './contract.ts';
import { foreignRow } from './row-errors.ts';
import { RowLine } from './row-line.ts';
import { extended, isRow, lifeOf, type Row, recordOf, rowOf } from './row-shape.ts';
import { Walk } from './row-walk.ts';
import { ON_WORKERD } from './workerd.ts';

/** Somebody else's storage, reduced to what every storage can. Errors may be whatever it throws. */
export interface Rows {
  /** In front of every error: `keyv store`. */
  readonly name: string;
  /** The user's object: all who are given the same one stand in one line. */
  readonly of: object;
  /** What stands there: a row, or null or undefined where there is nothing. */
  get(name: string): Promise<unknown>;
  /** @param ms how long to keep it */
  set(name: string, row: Row, ms: number): Promise<unknown>;
  delete(name: string): Promise<unknown>;
  /** The keys of all rows; what is not ours may be among them. */
  keys?(): Promise<readonly string[]>;
  /** Whether rows that are expired stay until somebody deletes them. */
  readonly keeps: boolean;
}

/** What the user can say of a back end, which it cannot say itself. */
export interface RowStoreOptions {
  /**
   * `'eventual'` where a read may come from a copy that is behind: Cloudflare KV, replicas, a CDN. Default `'strong'`: a
   * read sees every write that was answered before.
   */
  readonly reads?: 'strong' | 'eventual';
}

/** What the smallest of the usual back ends takes (400 KB of DynamoDB), with room for the row around the document. */
const MAX_BYTES = 300_000;

/** How many rows a walk reads at once. */
const AT_ONCE = 20;

/** How many rows a sweep looks at for each one that it may delete. */
const SWEEP_REACH = 10;

/**
 * A store on rows that can only be read and overwritten: each verb reads, compares and writes while all others wait that
 * want the same key. Exact within this process and nowhere else. Reads wait too, for some back ends show half a row
 * while it is written.
 */
export function rowStore(rows: Rows, { reads = 'strong' }: RowStoreOptions): Store {
  if (reads !== 'strong' && reads !== 'eventual') {
    throw new CoatcheckError('OPTION_INVALID', `${rows.name}: reads must be 'strong' or 'eventual'.`);
  }
  return new RowStore(rows, reads);
}

class RowStore implements Store {
  readonly capabilities: Capabilities;
  readonly scan?: NonNullable<Store['scan']>;
  readonly sweep?: NonNullable<Store['sweep']>;
  readonly #rows: Rows;
  readonly #line: RowLine;
  /** Reads that wait for their turn; those who come meanwhile wait for the same one. */
  readonly #reading = new Map<string, Promise<Row | undefined>>();
  #sweptTo: string | undefined;

  constructor(rows: Rows, reads: Capabilities['reads']) {
    this.#rows = rows;
    this.#line = new RowLine(rows.name, rows.of);
    this.capabilities = {
      // There no request may wait for another one's turn.
      atomic: ON_WORKERD ? 'no' : 'process',
      reads,
      owners: false,
      scan: rows.keys !== undefined,
      bytes: true,
      maxBytes: MAX_BYTES,
    };
    if (rows.keys === undefined) return;
    const [scanned, swept] = [this.#walk('scan'), this.#walk('sweep')];
    this.scan = (cursor, limit) => this.#scan(scanned, cursor, limit);
    if (rows.keeps) this.sweep = (now, limit) => this.#sweep(swept, now, limit);
  }

  async read(key: string): Promise<StoredRecord | undefined> {
    const row = await this.#read(key);
    return row && recordOf(row);
  }

  create(key: string, document: Document, expiresAt: number): Promise<Created> {
    const row = rowOf(key, document, expiresAt);
    return this.#line.turn(key, 'create', async () => {
      const current = await this.#get(key, 'create');
      if (current !== undefined) return { result: 'exists', current: recordOf(current) };
      await this.#set(key, row, 'create');
      return { result: 'ok', version: row.coatcheck.version };
    });
  }

  update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    const row = rowOf(key, document, expiresAt);
    return this.#line.turn(key, 'update', async () => {
      const current = await this.#get(key, 'update');
      if (current === undefined) return { result: 'gone' };
      if (current.coatcheck.version !== version) return { result: 'conflict', current: recordOf(current) };
      await this.#set(key, row, 'update');
      return { result: 'ok', version: row.coatcheck.version };
    });
  }

  touch(key: string, version: Version, expiresAt: number): Promise<boolean> {
    return this.#line.turn(key, 'touch', async () => {
      const current = await this.#get(key, 'touch');
      if (current?.coatcheck.version !== version) return false;
      // The whole row: `touch` of a back end moves its own TTL and not the end of the record.
      if (expiresAt > current.coatcheck.expiresAt) await this.#set(key, extended(current, expiresAt), 'touch');
      return true;
    });
  }

  destroy(key: string): Promise<boolean> {
    return this.#end(key, 'destroy', () => true);
  }

  put(key: string, document: Document, expiresAt: number): Promise<void> {
    const row = rowOf(key, document, expiresAt);
    return this.#line.turn(key, 'put', () => this.#set(key, row, 'put'));
  }

  async #scan(walk: Walk, cursor: string | undefined, limit: number): Promise<Scanned> {
    const page = await walk.page(cursor, limit);
    const entries: Scanned['entries'][number][] = [];
    for await (const { key, expiresAt } of this.#labels(page.keys, 'scan')) entries.push({ key, expiresAt });
    return { entries, cursor: page.cursor };
  }

  async #sweep(walk: Walk, now: number, limit: number): Promise<number> {
    const page = await walk.page(this.#sweptTo, limit * SWEEP_REACH);
    let gone = 0;
    for await (const { key, expiresAt } of this.#labels(page.keys, 'sweep')) {
      if (gone === limit) return gone;
      if (expiresAt <= now && (await this.#end(key, 'sweep', (row) => row.coatcheck.expiresAt <= now))) gone++;
      this.#sweptTo = key;
    }
    this.#sweptTo = page.cursor;
    return gone;
  }

  #walk(verb: string): Walk {
    return new Walk(() => this.#line.ask(verb, 'none', async () => ((await this.#rows.keys?.()) ?? []).filter(isKey)));
  }

  /** What stands under these keys and is ours, in their order. */
  async *#labels(keys: readonly string[], verb: string): AsyncGenerator<Row['coatcheck']> {
    for (let i = 0; i < keys.length; i += AT_ONCE) {
      const some = keys.slice(i, i + AT_ONCE);
      const look = (key: string): Promise<unknown> => this.#line.turn(key, verb, () => this.#peek(key, verb));
      const found = await Promise.all(some.map((key) => look(key).catch(passOver)));
      for (const [n, row] of found.entries()) if (isRow(row) && row.coatcheck.key === some[n]) yield row.coatcheck;
    }
  }

  /** Deletes the row if it is still to be deleted when its turn comes; whether it was. */
  #end(key: string, verb: string, still: (row: Row) => boolean): Promise<boolean> {
    return this.#line.turn(key, verb, async () => {
      const current = await this.#get(key, verb);
      if (current === undefined || !still(current)) return false;
      await this.#line.ask(verb, 'unknown', () => this.#rows.delete(nameOf(key)));
      return true;
    });
  }

  #read(key: string): Promise<Row | undefined> {
    const waiting = this.#reading.get(key);
    if (waiting !== undefined) return waiting;
    let begun = false;
    const begin = (): void => {
      begun = true;
      this.#reading.delete(key);
    };
    const reading = this.#line.turn(key, 'read', () => this.#get(key, 'read'), begin);
    // What has begun may miss a write of another process that was answered meanwhile.
    if (!begun) this.#reading.set(key, reading);
    return reading;
  }

  async #get(key: string, verb: string): Promise<Row | undefined> {
    const given = await this.#peek(key, verb);
    if (given === undefined || given === null) return undefined;
    if (!isRow(given)) throw foreignRow(this.#rows.name, verb, false);
    if (given.coatcheck.key !== key) throw foreignRow(this.#rows.name, verb, true);
    return given;
  }

  #peek(key: string, verb: string): Promise<unknown> {
    return this.#line.ask(verb, 'none', () => this.#rows.get(nameOf(key)));
  }

  async #set(key: string, row: Row, verb: string): Promise<void> {
    await this.#line.ask(verb, 'unknown', () => this.#rows.set(nameOf(key), row, lifeOf(row)));
  }
}

/**
 * The name of a record at the back end: no colon, of which file systems, unstorage and keyv make something of their own.
 */
function nameOf(key: string): string {
  return key.replace(':', '.');
}

/** The key of the record that has this name. */
export function keyOfName(name: string): string {
  return name.replace('.', ':');
}

/** One row that is damaged ends no walk. */
function passOver(error: unknown): undefined {
  if (!(error instanceof CoatcheckError && error.cause instanceof SyntaxError)) throw error;
}

function isKey(key: string): boolean {
  return /^(?:[a-z][a-z0-9-]{0,31}:)?[0-9a-f]{64}$/.test(key);
}
