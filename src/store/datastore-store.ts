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
import type {
  CallOptions,
  DatastoreClient,
  DatastoreKey,
  DatastoreModule,
  DatastoreQuery,
  DatastoreTransaction,
  Entity,
} from './datastore-client.ts';
import { MAX_BYTES, propertiesOf, recordOf, TTL_SLACK_MS, UNINDEXED } from './datastore-entity.ts';
import { datastoreFailure, foreign, isAborted, isTaken, tooLate } from './datastore-errors.ts';

/**
 * When a call is given up, in milliseconds. Longer than a request's own deadline, by which the core learns that nobody
 * answers. No commit of a transaction is begun later. `create` and `put` have no transaction: the client looks for
 * credentials before it counts the time of their commit, so that it may be begun as late as they are found.
 */
const CALL_MS = 5000;

/** Without a timeout: with one, the client would change what it does for all other reads of its owner. */
const READING: { gaxOptions: CallOptions; wrapNumbers: object } = {
  gaxOptions: { retry: null },
  // Integers beyond 2 ** 53, which no coatcheck wrote, would make it throw, and harm the records beside.
  wrapNumbers: { integerTypeCastFunction: Number },
};
const WRITING: CallOptions = { timeout: CALL_MS, retry: null };

/** How many keys one lookup takes. */
const LOOKUP = 1000;
/** How many records one transaction of a sweep deletes. */
const SWEEP = 25;

/** Where records are. */
export interface Place {
  readonly kind: string;
  readonly namespace: string | undefined;
}

/** What a verb does with what it found: writes, deletes or leaves it, and what it answers. */
interface Deed<T> {
  readonly write?: Record<string, unknown>;
  readonly delete?: boolean;
  readonly answer: T;
}

export class DatastoreStore implements Store {
  readonly capabilities: Capabilities = {
    atomic: 'store',
    reads: 'strong',
    owners: true,
    scan: true,
    bytes: true,
    maxBytes: MAX_BYTES,
  };
  readonly #client: DatastoreClient;
  readonly #module: DatastoreModule;
  readonly #place: Place;
  readonly #close: (() => void) | undefined;
  #closed = false;

  constructor(client: DatastoreClient, module: DatastoreModule, place: Place, close?: () => void) {
    this.#client = client;
    this.#module = module;
    this.#place = place;
    this.#close = close;
  }

  read(key: string): Promise<StoredRecord | undefined> {
    return this.#call('read', async () => {
      const [entity] = (await this.#client.get(this.#key(key), READING)) as [Entity | undefined];
      return entity && record(entity, 'read');
    });
  }

  readMany(keys: readonly string[]): Promise<readonly (StoredRecord | Error | undefined)[]> {
    return this.#call('read', async () => {
      const distinct = [...new Set(keys)];
      const lookups: Promise<Entity[]>[] = [];
      for (let at = 0; at < distinct.length; at += LOOKUP) lookups.push(this.#lookUp(distinct.slice(at, at + LOOKUP)));
      const found = new Map<string, StoredRecord | Error>();
      for (const entity of (await Promise.all(lookups)).flat()) {
        found.set(this.#nameOf(entity), recordOf(entity) ?? foreign('read'));
      }
      return keys.map((key) => found.get(key));
    });
  }

  create(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<Created> {
    return this.#call('create', async (call) => {
      const version = crypto.randomUUID();
      const data = propertiesOf(version, document, expiresAt, owner);
      call.outcome = 'unknown';
      try {
        await this.#client.save({ ...this.#saved(key, data), method: 'insert' }, WRITING);
        return { result: 'ok', version };
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
      call.outcome = 'none';
      return { result: 'exists', current: await this.read(key) };
    });
  }

  update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    return this.#change<Updated>('update', key, (current) => {
      if (current === undefined) return { answer: { result: 'gone' } };
      if (current.version !== version) return { answer: { result: 'conflict', current } };
      const next = crypto.randomUUID();
      return {
        write: propertiesOf(next, document, expiresAt, current.owner),
        answer: { result: 'ok', version: next },
      };
    });
  }

  touch(key: string, version: Version, expiresAt: number): Promise<boolean> {
    return this.#change('touch', key, (current) => {
      if (current?.version !== version) return { answer: false };
      if (expiresAt <= current.expiresAt) return { answer: true };
      const { document, owner } = current;
      return { write: propertiesOf(String(version), document, expiresAt, owner), answer: true };
    });
  }

  destroy(key: string): Promise<boolean> {
    return this.#call('destroy', (call) =>
      this.#transact(call, key, (entity) => ({ delete: entity !== undefined, answer: entity !== undefined })),
    );
  }

  put(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<void> {
    return this.#call('put', async (call) => {
      const data = propertiesOf(crypto.randomUUID(), document, expiresAt, owner);
      call.outcome = 'unknown';
      await this.#client.save(this.#saved(key, data), WRITING);
    });
  }

  listOwned(owner: string): Promise<readonly string[]> {
    return this.#call('listOwned', async () => {
      const query = this.#queryFor('owner', '=', owner).select('__key__');
      const [entities] = (await this.#client.runQuery(query, READING)) as [Entity[]];
      return entities.map((entity) => this.#nameOf(entity));
    });
  }

  /** The owner stands in the record: without it, the record is nobody's. */
  forget(owner: string, key: string): Promise<void> {
    return this.#change<void>('forget', key, (current) => {
      if (current?.owner?.name !== owner) return { answer: undefined };
      const { document, version, expiresAt } = current;
      return { write: propertiesOf(String(version), document, expiresAt, undefined), answer: undefined };
    });
  }

  async sweep(now: number, limit: number): Promise<number> {
    let gone = 0;
    let foreign = 0;
    let cursor: string | undefined;
    do {
      const { keys, next } = await this.#expired(now, limit - gone, cursor);
      foreign = 0;
      for (let at = 0; at < keys.length; at += SWEEP) {
        const swept = await this.#sweepSome(keys.slice(at, at + SWEEP), now);
        gone += swept.gone;
        foreign += swept.foreign;
      }
      cursor = next;
      // They stay, and would stand in front of the others at every sweep.
    } while (foreign > 0 && gone < limit && cursor !== undefined);
    return gone;
  }

  scan(cursor: string | undefined, limit: number): Promise<Scanned> {
    return this.#call('scan', async () => {
      const query = this.#query().order('__key__').limit(limit);
      const page = cursor === undefined ? query : query.start(cursor);
      const [entities, { moreResults, endCursor }] = (await this.#client.runQuery(page, READING)) as [
        Entity[],
        { readonly moreResults?: string; readonly endCursor?: string },
      ];
      const entries = entities.flatMap((entity) => {
        const found = recordOf(entity);
        return found === undefined
          ? []
          : [{ key: this.#nameOf(entity), expiresAt: found.expiresAt, owner: found.owner?.name }];
      });
      return { entries, cursor: entities.length === 0 || moreResults === 'NO_MORE_RESULTS' ? undefined : endCursor };
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#close?.();
  }

  #key(key: string): object {
    const { kind, namespace } = this.#place;
    return this.#client.key({ namespace, path: [kind, key] });
  }

  #query(): DatastoreQuery {
    const { kind, namespace } = this.#place;
    return this.#client.createQuery(namespace ?? '', kind) as DatastoreQuery;
  }

  #queryFor(property: string, operator: string, value: unknown): DatastoreQuery {
    const query = this.#query();
    query.filter(new this.#module.PropertyFilter(property, operator, value));
    // A client of another copy of the package passes it over in silence, and would find the records of everybody.
    if (query.entityFilters?.length !== 1) query.filter(property, operator, value);
    return query;
  }

  #nameOf(entity: Entity): string {
    return (entity[this.#client.KEY] as DatastoreKey).name ?? '';
  }

  #saved(key: string, data: object): { key: object; data: object; excludeFromIndexes: string[] } {
    return { key: this.#key(key), data, excludeFromIndexes: UNINDEXED };
  }

  async #lookUp(keys: readonly string[]): Promise<Entity[]> {
    const [entities] = (await this.#client.get(
      keys.map((key) => this.#key(key)),
      READING,
    )) as [Entity[]];
    return entities;
  }

  /** Changes a record in a transaction, by what stands there. */
  #change<T>(verb: string, key: string, decide: (current: StoredRecord | undefined) => Deed<T>): Promise<T> {
    return this.#call(verb, (call) => this.#transact(call, key, (entity) => decide(entity && record(entity, verb))));
  }

  async #transact<T>(call: Call, key: string, decide: (entity: Entity | undefined) => Deed<T>): Promise<T> {
    const transaction = this.#client.transaction() as DatastoreTransaction;
    const [entity] = (await transaction.get(this.#key(key), READING)) as [Entity | undefined];
    let deed: Deed<T>;
    try {
      deed = decide(entity);
      if (call.left <= 0) throw tooLate(call.verb, 'none');
    } catch (error) {
      release(transaction);
      throw error;
    }
    if (deed.write !== undefined) transaction.save(this.#saved(key, deed.write));
    else if (deed.delete === true) transaction.delete(this.#key(key));
    else {
      release(transaction);
      return deed.answer;
    }
    call.outcome = 'unknown';
    await transaction.commit({ timeout: call.left, retry: null });
    return deed.answer;
  }

  /** A page of the keys whose ttl has passed, and where the next one begins. */
  #expired(now: number, limit: number, cursor: string | undefined): Promise<{ keys: string[]; next?: string }> {
    return this.#call('sweep', async () => {
      const expired = this.#queryFor('ttl', '<=', new Date(now + TTL_SLACK_MS));
      const query = expired.order('ttl').select('__key__').limit(limit);
      const page = cursor === undefined ? query : query.start(cursor);
      const [entities, { moreResults, endCursor }] = (await this.#client.runQuery(page, READING)) as [
        Entity[],
        { readonly moreResults?: string; readonly endCursor?: string },
      ];
      const keys = entities.map((entity) => this.#nameOf(entity));
      const more = keys.length > 0 && moreResults !== 'NO_MORE_RESULTS' && endCursor !== undefined;
      return more ? { keys, next: endCursor } : { keys };
    });
  }

  /** Deletes those that are still expired; none of them where another writer is at one. */
  #sweepSome(keys: readonly string[], now: number): Promise<{ gone: number; foreign: number }> {
    return this.#call('sweep', async (call) => {
      const transaction = this.#client.transaction() as DatastoreTransaction;
      // Begun by its read, it would be begun anew for the keys that Datastore defers, and check the others no more.
      await transaction.run({ gaxOptions: READING.gaxOptions });
      const [entities] = (await transaction.get(
        keys.map((key) => this.#key(key)),
        READING,
      )) as [Entity[]];
      const foreign = entities.filter((entity) => recordOf(entity) === undefined).length;
      const expired = entities.filter((entity) => (recordOf(entity)?.expiresAt ?? Number.POSITIVE_INFINITY) <= now);
      if (expired.length === 0 || call.left <= 0) {
        release(transaction);
        return { gone: 0, foreign };
      }
      for (const entity of expired) transaction.delete(this.#key(this.#nameOf(entity)));
      call.outcome = 'unknown';
      try {
        await transaction.commit({ timeout: call.left, retry: null });
        return { gone: expired.length, foreign };
      } catch (error) {
        if (isAborted(error)) return { gone: 0, foreign };
        throw error;
      }
    });
  }

  /** Runs a verb for as long as somebody may wait for it; its errors become ours. */
  #call<T>(verb: string, run: (call: Call) => Promise<T>): Promise<T> {
    const call = new Call(verb);
    if (this.#closed) {
      const message = `Datastore store, ${verb}: the store was closed.`;
      return Promise.reject(new CoatcheckError('STORE_FAILED', message, { outcome: 'none' }));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(tooLate(verb, call.outcome)), CALL_MS);
      run(call).then(
        (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        (error) => {
          clearTimeout(timer);
          reject(datastoreFailure(error, verb, call.outcome));
        },
      );
    });
  }
}

/** A verb under way. */
class Call {
  readonly verb: string;
  /** Whether it has come so far that it may write. */
  outcome: Outcome = 'none';
  readonly #end = performance.now() + CALL_MS;

  constructor(verb: string) {
    this.verb = verb;
  }

  /** Milliseconds until nobody waits for it any more. */
  get left(): number {
    return Math.floor(this.#end - performance.now());
  }
}

function record(entity: Entity, verb: string): StoredRecord {
  const found = recordOf(entity);
  if (found === undefined) throw foreign(verb);
  return found;
}

/** Nobody waits for it: Datastore forgets a transaction anyway, but may hold the record for that long. */
function release(transaction: DatastoreTransaction): void {
  transaction.rollback(WRITING).catch(() => undefined);
}
