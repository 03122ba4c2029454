import { CoatcheckError, type Outcome } from '../errors.ts';
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
import { type MongodbClient, type MongodbDatabase, type MongodbFields, takesWrites } from './mongodb-client.ts';
import { mongodbFailure, offline, refusedWrite, unanswered } from './mongodb-errors.ts';
import type { Patience } from './mongodb-patience.ts';
import { MAX_BYTES, owned, recordIn, ttlDate, written } from './mongodb-record.ts';

/** Where the records are. */
export interface MongodbPlace {
  readonly client: MongodbClient;
  readonly database: MongodbDatabase;
  readonly collection: string;
}

interface Found {
  readonly found: readonly MongodbFields[];
  /** The cursor of what is still to come. */
  readonly more: unknown;
}

/** Said with each command, for a database or a server may have other defaults. */
const MAJORITY = { w: 'majority' };
const LOCAL = { level: 'local' };

const DUPLICATE_KEY = 11000;

/** How many keys one answer brings, or one command deletes. */
const STEP = 1000;

/**
 * The verbs. Each is a command of its own and not a method of a collection: the driver takes the read preference, the
 * concerns and the BSON options of those from the user's client, and sends their writes again after an error, also when
 * nobody waits for them any more.
 *
 * None is an async function where it is hot: on Node 20 every promise is dear while there is an ambient session.
 */
export class MongodbStore implements Store {
  readonly capabilities: Capabilities = {
    atomic: 'store',
    reads: 'strong',
    owners: true,
    scan: true,
    bytes: true,
    maxBytes: MAX_BYTES,
  };
  readonly #client: MongodbClient;
  readonly #database: MongodbDatabase;
  readonly #collection: string;
  readonly #patience: Patience;
  readonly #close: (() => Promise<unknown>) | undefined;
  #closed = false;
  #asking = false;

  constructor({ client, database, collection }: MongodbPlace, patience: Patience, close?: () => Promise<unknown>) {
    this.#client = client;
    this.#database = database;
    this.#collection = collection;
    this.#patience = patience;
    this.#close = close;
  }

  read(key: string): Promise<StoredRecord | undefined> {
    return this.#read(key, 'read');
  }

  readMany(keys: readonly string[]): Promise<readonly (StoredRecord | Error | undefined)[]> {
    const filter = { _id: { $in: keys } };
    return this.#find('read', { filter, limit: keys.length, batchSize: keys.length }, ({ found, more }) => {
      const records = new Map<unknown, StoredRecord | Error>();
      for (const fields of found) records.set(fields._id, recordIn(fields, 'read'));
      return more === undefined ? keys.map((key) => records.get(key)) : this.#readRest(keys, records, more);
    });
  }

  create(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<Created> {
    const version = crypto.randomUUID();
    let fields: MongodbFields;
    try {
      fields = written('create', version, document, expiresAt);
    } catch (error) {
      return Promise.reject(error);
    }
    const record = owner === undefined ? { _id: key, ...fields } : { _id: key, ...fields, ...owned(owner) };
    const command = { insert: this.#collection, documents: [record], writeConcern: MAJORITY };
    return this.#write('create', command, (count): Created | Promise<Created> => {
      if (count > 0) return { result: 'ok', version };
      return this.#read(key, 'create').then((current) => ({ result: 'exists', current }));
    });
  }

  update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    const next = crypto.randomUUID();
    let change: MongodbFields;
    try {
      change = { q: { _id: key, version }, u: { $set: written('update', next, document, expiresAt) } };
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#change('update', change, (count): Updated | Promise<Updated> => {
      if (count > 0) return { result: 'ok', version: next };
      return this.#read(key, 'update').then((current) =>
        current === undefined ? { result: 'gone' } : { result: 'conflict', current },
      );
    });
  }

  touch(key: string, version: Version, expiresAt: number): Promise<boolean> {
    let change: MongodbFields;
    try {
      change = { q: { _id: key, version }, u: { $max: { expiresAt, expires: ttlDate(expiresAt) } } };
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#change('touch', change, isSome);
  }

  destroy(key: string): Promise<boolean> {
    return this.#delete('destroy', { q: { _id: key }, limit: 1 }, isSome);
  }

  put(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<void> {
    let record: MongodbFields;
    try {
      record = written('put', crypto.randomUUID(), document, expiresAt);
    } catch (error) {
      return Promise.reject(error);
    }
    if (owner !== undefined) record = { ...record, ...owned(owner) };
    return this.#change('put', { q: { _id: key }, u: record, upsert: true }, nothing);
  }

  async listOwned(owner: string): Promise<readonly string[]> {
    const keys: string[] = [];
    for (;;) {
      const after = keys.at(-1);
      const filter = { owner, ...(after === undefined ? {} : { _id: { $gt: after } }) };
      const page = await this.#keys('listOwned', filter, { _id: 1 }, STEP);
      keys.push(...page);
      if (page.length < STEP) return keys;
    }
  }

  forget(owner: string, key: string): Promise<void> {
    const u = { $unset: { owner: 1, ownerUntil: 1 } };
    return this.#change('forget', { q: { _id: key, owner }, u }, nothing);
  }

  async sweep(now: number, limit: number): Promise<number> {
    // The Date has the index; the number is what counts.
    const expired = { expires: { $lte: ttlDate(now) }, expiresAt: { $lte: now } };
    let gone = 0;
    while (gone < limit) {
      const step = Math.min(STEP, limit - gone);
      const keys = await this.#keys('sweep', expired, { expires: 1 }, step);
      if (keys.length === 0) break;
      gone += await this.#delete('sweep', { q: { _id: { $in: keys }, ...expired }, limit: 0 }, same);
      if (keys.length < step) break;
    }
    return gone;
  }

  scan(cursor: string | undefined, limit: number): Promise<Scanned> {
    // Compared with a text, keys of other types are not found.
    const query = {
      filter: { _id: cursor === undefined ? { $gte: '' } : { $gt: cursor } },
      sort: { _id: 1 },
      projection: { expiresAt: 1, owner: 1 },
      limit,
      batchSize: limit,
      singleBatch: true,
    };
    return this.#find('scan', query, ({ found }) => ({
      entries: found.flatMap(({ _id, expiresAt, owner }) =>
        typeof expiresAt === 'number'
          ? [{ key: String(_id), expiresAt, owner: typeof owner === 'string' ? owner : undefined }]
          : [],
      ),
      cursor: found.length < limit ? undefined : String(found.at(-1)?._id),
    }));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#close?.();
  }

  #read(key: string, verb: string): Promise<StoredRecord | undefined> {
    return this.#find(verb, { filter: { _id: key }, limit: 1, singleBatch: true }, ({ found: [fields] }) => {
      const record = fields === undefined ? undefined : recordIn(fields, verb);
      if (record instanceof Error) throw record;
      return record;
    });
  }

  /** One answer has 16 MB at most: what did not fit into it is asked for one by one. */
  async #readRest(
    keys: readonly string[],
    records: Map<unknown, StoredRecord | Error>,
    cursor: unknown,
  ): Promise<readonly (StoredRecord | Error | undefined)[]> {
    this.#send('read', { killCursors: this.#collection, cursors: [cursor] }, 'none', nothing).catch(nothing);
    return Promise.all(keys.map((key) => records.get(key) ?? this.#read(key, 'read').catch((error: Error) => error)));
  }

  #keys(verb: string, filter: MongodbFields, sort: MongodbFields, limit: number): Promise<string[]> {
    const query = { filter, sort, projection: { _id: 1 }, limit, batchSize: limit, singleBatch: true };
    return this.#find(verb, query, ({ found }) => found.map(({ _id }) => String(_id)));
  }

  #find<T>(verb: string, query: MongodbFields, take: (answer: Found) => T | Promise<T>): Promise<T> {
    const command = { find: this.#collection, ...query, readConcern: LOCAL };
    return this.#send(verb, command, 'none', (reply) => {
      const { firstBatch, id } = (reply.cursor ?? {}) as { firstBatch?: unknown; id?: unknown };
      if (!Array.isArray(firstBatch)) throw unanswered(verb, 'none');
      return take({ found: firstBatch as readonly MongodbFields[], more: Number(id) === 0 ? undefined : id });
    });
  }

  #change<T>(verb: string, statement: MongodbFields, take: (count: number) => T | Promise<T>): Promise<T> {
    return this.#write(verb, { update: this.#collection, updates: [statement], writeConcern: MAJORITY }, take);
  }

  #delete<T>(verb: string, statement: MongodbFields, take: (count: number) => T | Promise<T>): Promise<T> {
    return this.#write(verb, { delete: this.#collection, deletes: [statement], writeConcern: MAJORITY }, take);
  }

  /** A command of one statement. */
  #write<T>(verb: string, command: MongodbFields, take: (count: number) => T | Promise<T>): Promise<T> {
    if (!takesWrites(this.#client)) return this.#askAgain(verb);
    return this.#send(verb, command, 'unknown', (reply) => take(countIn(reply, verb)));
  }

  #send<T>(
    verb: string,
    command: MongodbFields,
    outcome: Outcome,
    take: (reply: MongodbFields) => T | Promise<T>,
  ): Promise<T> {
    if (this.#closed) {
      return Promise.reject(
        new CoatcheckError('STORE_FAILED', `MongoDB store, ${verb}: the store was closed.`, { outcome: 'none' }),
      );
    }
    const options = { promoteBuffers: true, enableUtf8Validation: false, signal: this.#patience.signal() };
    return this.#database.command(command, options).then(take, (error) => {
      throw mongodbFailure(error, verb, outcome);
    });
  }

  /** Refuses a write, and lets the driver look for a server: it does so for those who wait, and seldom otherwise. */
  #askAgain(verb: string): Promise<never> {
    if (!this.#asking) {
      this.#asking = true;
      const done = (): void => {
        this.#asking = false;
      };
      this.#send('ping', { ping: 1 }, 'none', nothing).then(done, done);
    }
    return Promise.reject(offline(verb));
  }
}

/** How many records a write met; of a create none where the key is taken. */
function countIn({ n, writeErrors }: MongodbFields, verb: string): number {
  if (Array.isArray(writeErrors) && writeErrors.length > 0) {
    const { code } = writeErrors[0] as { code?: unknown };
    if (code === DUPLICATE_KEY && verb === 'create') return 0;
    throw refusedWrite(code, verb);
  }
  if (typeof n !== 'number') throw unanswered(verb, 'unknown');
  return n;
}

function same(count: number): number {
  return count;
}

function isSome(count: number): boolean {
  return count > 0;
}

function nothing(): void {}
