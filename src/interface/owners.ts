import type { Clock } from '../clock.ts';
import { closedDocument, closedNonce } from '../codec/closed.ts';
import { CoatcheckError } from '../errors.ts';
import type { Events } from '../events.ts';
import { handleOf, hashName } from '../keys/ids.ts';
import { newNonce } from '../keys/nonce.ts';
import type { StoredRecord } from '../store/contract.ts';
import type { StoreAccess } from './access.ts';
import { conflict } from './compare-and-set.ts';
import type { Documents } from './documents.ts';
import { LINGER_MS, sinceOf } from './drafts.ts';
import { linksOf, unlink } from './links.ts';

/** One session of an owner, as a page of "your devices" may show it. */
export interface OwnedSession {
  /** Public name: ends this session by `revoke(owner, handle)`. */
  readonly handle: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

interface Living {
  readonly key: string;
  readonly created: number;
  readonly since: number;
  readonly record: StoredRecord;
}

/** How many records are asked for at the same time. */
const AT_ONCE = 50;

/** Sessions by the user they belong to. Owner names reach the store only hashed. */
export class Owners {
  readonly #access: StoreAccess;
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #events: Events;

  constructor(access: StoreAccess, documents: Documents, clock: Clock, events: Events) {
    this.#access = access;
    this.#documents = documents;
    this.#clock = clock;
    this.#events = events;
  }

  /** The owner's living sessions, those first that are its longest. */
  async list(owner: string): Promise<OwnedSession[]> {
    const living = await this.living(hashName(owner));
    return living.map(({ key, created, record }) => ({
      handle: handleOf(key),
      createdAt: new Date(created),
      expiresAt: new Date(record.expiresAt),
    }));
  }

  /** Ends one session of this owner; false where the owner has none of that name. */
  async revoke(owner: string, handle: string): Promise<boolean> {
    const name = hashName(owner);
    const found = (await this.living(name)).find(({ key }) => handleOf(key) === handle);
    if (found === undefined) return false;
    await this.#end(found, name);
    await this.endLinked(name, linksOf(this.#documents, found.record));
    return true;
  }

  /** Ends the owner's sessions that were to end with one of these records. */
  async endLinked(name: string, links: readonly string[]): Promise<void> {
    if (links.length === 0 || this.#access.store.listOwned === undefined) return;
    const isLinked = ({ record }: Living): boolean =>
      linksOf(this.#documents, record).some((link) => links.includes(link));
    await inParallel((await this.living(name)).filter(isLinked), (living) => this.close(living.key, name));
  }

  /** Ends all sessions of the owner but one; passes are repeated until one finds nothing left. How many ended. */
  async revokeAll(owner: string, except: string | undefined): Promise<number> {
    const name = hashName(owner);
    let ended = 0;
    for (let pass = 0; ; pass++) {
      const rest = (await this.living(name)).filter(({ key }) => handleOf(key) !== except);
      if (rest.length === 0) return ended;
      await inParallel(rest, (living) => this.#end(living, name));
      ended += rest.length;
      if (pass > 0) await this.#access.pause(pass, conflict('unknown'));
    }
  }

  /** Deletes all that belongs to the owner, in every space. How many sessions and records went. */
  async forget(owner: string): Promise<number> {
    const name = hashName(owner);
    const { store } = this.#access;
    let gone = await this.revokeAll(owner, undefined);
    const records = [...(await this.#keys(name))].filter((key) => key.includes(':'));
    await inParallel(records, async (key) => {
      // A list may name what is somebody else's by now.
      const record = await this.#access.read(key);
      if (record?.owner?.name !== name) await this.#access.insist('forget', async () => store.forget?.(name, key));
      else if (await this.#access.insist('destroy', () => store.destroy(key, name))) gone++;
    });
    return gone;
  }

  /**
   * Ends the oldest sessions beyond the bound. The order is total and the same for everybody, so that logins which
   * overlap agree on who stays; one that just began is no exception.
   */
  async cap(name: string, bound: number): Promise<void> {
    const living = await this.living(name);
    const surplus = living.slice(0, Math.max(0, living.length - bound));
    await inParallel(surplus, (oldest) => this.#end(oldest, name));
  }

  /** Records of the owner that are neither closed, expired nor unreadable; those first that are its longest. */
  async living(name: string): Promise<Living[]> {
    const now = this.#clock.now();
    const living: Living[] = [];
    // Records of a name space are the owner's too, but no sessions.
    const keys = [...(await this.#keys(name))].filter((key) => !key.includes(':'));
    await inParallel(keys, async (key) => {
      const record = await this.#access.read(key);
      if (record === undefined || record.expiresAt <= now || closedNonce(record.document) !== undefined) return;
      const meta = this.#documents.readable(record)?.meta;
      if (meta !== undefined) living.push({ key, created: meta.created, since: sinceOf(meta), record });
    });
    return living.sort((a, b) => a.since - b.since || (a.key < b.key ? -1 : 1));
  }

  async #keys(name: string): Promise<Set<string>> {
    const { store } = this.#access;
    const { listOwned } = store;
    if (listOwned === undefined) throw ownersUnsupported();
    return new Set(await this.#access.insist('listOwned', () => listOwned.call(store, name)));
  }

  /** Ends a session, and what ends with it. */
  async #end({ key, record }: Living, name: string): Promise<void> {
    await unlink(this.#access, linksOf(this.#documents, record), name);
    await this.close(key, name);
  }

  /** Closes a session for good, the record before its index entry. What ends with it stays. */
  async close(key: string, name: string | undefined): Promise<void> {
    const { store } = this.#access;
    const until = this.#clock.now() + LINGER_MS;
    await this.#access.insist('put', () => store.put(key, closedDocument(newNonce()), until));
    if (name !== undefined) await this.#access.insist('forget', async () => store.forget?.(name, key));
    this.#events.emit('destroyed', () => ({ handle: handleOf(key) }));
  }
}

async function inParallel<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) await Promise.all(items.slice(at, at + AT_ONCE).map(act));
}

export function ownersUnsupported(): CoatcheckError {
  return new CoatcheckError(
    'OWNERS_UNSUPPORTED',
    'This store keeps no list of sessions by owner. Use one that does: memory, files, SQLite, PostgreSQL, MySQL, Redis, MongoDB, Datastore, DynamoDB.',
  );
}
