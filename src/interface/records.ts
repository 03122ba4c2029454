import type { Clock } from '../clock.ts';
import { closedNonce } from '../codec/closed.ts';
import type { Meta } from '../codec/contract.ts';
import { type Duration, durationMs } from '../duration.ts';
import { CoatcheckError } from '../errors.ts';
import { hashName } from '../keys/ids.ts';
import { newNonce } from '../keys/nonce.ts';
import { applyOperation } from '../session/operations.ts';
import type { Owner, StoredRecord } from '../store/contract.ts';
import { inDoubt, type StoreAccess } from './access.ts';
import { BACKEND_SPACE } from './backend.ts';
import { compareAndSet, conflict, type Draft, type Facts } from './compare-and-set.ts';
import { type Documents, NONCES_KEPT, nextMeta } from './documents.ts';

/** How long a record lives, and whose it is. */
export interface RecordOptions {
  /** From now: `'10m'`. Records always end. */
  expiresIn: Duration;
  /** The user it belongs to, where the store keeps owners. */
  owner?: string;
}

/** What `records(space)` works with: each call has a deadline of its own. */
export interface RecordsContext {
  access(): Promise<StoreAccess>;
  readonly documents: Documents;
  readonly clock: Clock;
}

/** Each update may move a record's end, so no earlier one is sure to be its last: a hundred years (ms). */
const LISTED_MS = 100 * 365 * 86_400_000;

/** A record is no session, and says of nobody who it is. */
const OF_NOBODY: Facts = { identity: undefined, empty: false };

const SPACE = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * Records of your own on the same store and under the same rules: none is lost to an overlap, `update` is exact, a
 * dead store is an error. Keys are any text; no key of any space can reach a session.
 *
 * @example
 * const codes = sessions.records<{ tries: number }>('login-codes');
 * await codes.create(email, { tries: 0 }, { expiresIn: '10m' });
 * await codes.update(email, (code) => ({ tries: (code?.tries ?? 0) + 1 }), { expiresIn: '10m' });
 */
export class Records<T> {
  readonly #space: string;
  readonly #context: RecordsContext;

  constructor(space: string, context: RecordsContext) {
    if (!SPACE.test(space)) {
      throw new CoatcheckError(
        'OPTION_INVALID',
        'A space of records is named by lower-case letters, digits and hyphens, 32 at the most.',
      );
    }
    if (space === BACKEND_SPACE) {
      throw new CoatcheckError(
        'OPTION_INVALID',
        `The space ${space} is that of sessions.backend. Name yours otherwise.`,
      );
    }
    this.#space = space;
    this.#context = context;
  }

  /** Under which key the store has the record of this name. */
  keyOf(name: string): string {
    return `${this.#space}:${hashName(name)}`;
  }

  /** The value; undefined where there is none or its time is over. */
  async get(name: string): Promise<T | undefined> {
    const access = await this.#context.access();
    const record = await access.read(this.keyOf(name));
    return record === undefined ? undefined : this.#value(record);
  }

  /** Stores a value where there is none; false where there is one. */
  async create(name: string, value: T, options: RecordOptions): Promise<boolean> {
    let created = false;
    const make = (current: T | undefined): T | undefined => {
      created = current === undefined;
      return created ? value : undefined;
    };
    await this.#change(name, options, make, true);
    return created;
  }

  /**
   * Exact change of one record, whatever overlaps. `fn` gets undefined where there is none, is synchronous and pure,
   * and returns the new value or changes the copy it was given.
   */
  async update(
    name: string,
    // biome-ignore lint/suspicious/noConfusingVoidType: a function that changes the copy returns void.
    fn: (value: T | undefined) => T | undefined | void,
    options: RecordOptions,
  ): Promise<T | undefined> {
    const { copyOf } = this.#context.documents;
    const update = (value: unknown): unknown => fn(value as T | undefined);
    return this.#change(
      name,
      options,
      (current) => applyOperation({ kind: 'update', fn: update }, current, copyOf) as T,
    );
  }

  /** Deletes the record; true if it was there. */
  async delete(name: string): Promise<boolean> {
    const access = await this.#context.access();
    const { store } = access;
    const key = this.keyOf(name);
    const record = await access.read(key);
    if (record === undefined) return false;
    const was = await access.insist('destroy', () => store.destroy(key, record.owner?.name));
    return was && this.#value(record) !== undefined;
  }

  #value(record: StoredRecord): T | undefined {
    const { documents, clock } = this.#context;
    if (record.expiresAt <= clock.now() || closedNonce(record.document) !== undefined) return undefined;
    return documents.readable(record)?.data.value as T | undefined;
  }

  async #change(
    name: string,
    options: RecordOptions,
    change: (value: T | undefined) => T | undefined,
    onlyIfMissing = false,
  ): Promise<T | undefined> {
    const { documents, clock } = this.#context;
    const access = await this.#context.access();
    const key = this.keyOf(name);
    const nonce = newNonce();
    const now = clock.now();
    const expiresAt = now + durationMs(options.expiresIn, 'expiresIn');
    const owner: Owner | undefined =
      options.owner === undefined ? undefined : { name: hashName(options.owner), until: now + LISTED_MS };
    const blank: Meta = { created: now, commits: 0, nonces: [] };
    const draft = (value: T | undefined, meta: Meta): Draft => {
      const decoded = { data: { value }, meta: nextMeta(meta, nonce) };
      return { document: documents.encode(decoded), expiresAt, decoded, facts: OF_NOBODY };
    };
    const isOurs = (record: StoredRecord): boolean => documents.readable(record)?.meta.nonces.includes(nonce) === true;
    let unanswered = false;
    let failure = conflict('none');
    for (let round = 0; ; round++) {
      if (round > 0) await access.pause(round, failure);
      const record = await access.read(key);
      if (record === undefined) {
        const value = change(undefined);
        if (value === undefined) return undefined;
        const first = draft(value, blank);
        const tried = await access.attempt('create', () => access.store.create(key, first.document, expiresAt, owner));
        if ('failed' in tried) {
          unanswered ||= tried.failed.outcome !== 'none';
          failure = unanswered ? inDoubt(tried.failed) : tried.failed;
        } else if (tried.answer.result === 'ok') return value;
        else {
          // A driver may have sent it twice and told the second answer, so it is looked at like an unanswered one.
          unanswered = true;
        }
        continue;
      }
      if (unanswered) {
        const decoded = documents.readable(record);
        if (decoded?.meta.nonces.includes(nonce)) return decoded.data.value as T;
        // Too many commits since for the record to remember ours: it may have been stored, and must not count twice.
        if (decoded !== undefined && decoded.meta.commits >= NONCES_KEPT && failure.outcome === 'unknown')
          throw conflict('unknown');
      }
      if (this.#value(record) === undefined && record.owner?.name !== owner?.name) {
        // A record keeps its owner for life, so what another one left behind goes first.
        await access.insist('destroy', () => access.store.destroy(key, record.owner?.name));
        continue;
      }
      const value = change(this.#value(record));
      if (value === undefined) return undefined;
      const landed = await compareAndSet(access, documents, {
        key,
        base: record,
        nonce,
        first: draft(value, documents.readable(record)?.meta ?? blank),
        draft: (current, decoded) => draft(change(this.#value(current)) ?? this.#value(current), decoded.meta),
        conflicted: () => undefined,
        facts: () => OF_NOBODY,
        // A creation that came second writes nothing, and the next round finds that out.
        expired: (current) => onlyIfMissing && this.#value(current) !== undefined && !isOurs(current),
      });
      if (!('gone' in landed)) return landed.decoded.data.value as T;
    }
  }
}
