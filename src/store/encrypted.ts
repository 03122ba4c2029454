import { type Clock, systemClock } from '../clock.ts';
import { CoatcheckError } from '../errors.ts';
import { KeyRing } from '../keys/ring.ts';
import { readSecrets, type Secret } from '../keys/secret.ts';
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
import { isSealed, openDocument, roomIn, sealDocument } from './encrypted-document.ts';

export type { Secret } from '../keys/secret.ts';

export interface EncryptedStoreOptions {
  /**
   * Until when documents that are not sealed are still read, and sealed with their next write: for a store that has
   * sessions already. While the door is open, whoever can write to the store can put a document of their own there.
   * Default: refused.
   */
  readonly acceptPlainUntil?: Date;
  /** Where the time for `acceptPlainUntil` comes from. Default: the machine's clock. */
  readonly clock?: Clock;
}

const OPTIONS = ['acceptPlainUntil', 'clock'];

const KEYS = 'The secrets are the second argument: encrypted(store, [newSecret, oldSecret])';

const HABITS: Readonly<Record<string, string>> = { secret: KEYS, secrets: KEYS, key: KEYS, keys: KEYS };

/**
 * A store around a store that keeps nothing readable in it: each document is sealed with AES-256-GCM under a key of its
 * own, and bound to its record's key, so that one moved to another record is refused. Keys, expiries, versions and the
 * hashed names of owners stay as they are; every verb does and promises what the inner store does.
 *
 * The first secret seals and all open; a document under an older one is sealed anew with its next update. A document
 * that no secret opens is a `STORE_FAILED` of that record alone, not retryable, and is never handed on as it stands.
 *
 * Sealing is synchronous and needs `node:crypto`, as the whole package does; on workerd that is `nodejs_compat`.
 *
 * @param keys one secret, or several, the first of which seals: 32 bytes or more each
 * @throws CoatcheckError `SECRET_REQUIRED`, `SECRET_WEAK`, `OPTION_INVALID`, `OPTION_UNKNOWN`
 *
 * @example
 * const store = encrypted(await openRedis({ url }), [process.env.STORE_SECRET, process.env.OLD_STORE_SECRET]);
 */
export function encrypted(
  store: Store,
  keys: Secret | readonly (Secret | undefined)[] | undefined,
  options: EncryptedStoreOptions = {},
): Store {
  checkOptionNames(options, {
    whose: 'Encrypted store: ',
    names: OPTIONS,
    habits: HABITS,
    example: "encrypted(store, secret, { acceptPlainUntil: new Date('2027-01-31') })",
  });
  if (typeof store?.read !== 'function') {
    throw new CoatcheckError(
      'OPTION_INVALID',
      'Encrypted store: the first argument must be a store that is open: encrypted(await openRedis({ url }), secret).',
    );
  }
  const ring = new KeyRing(readSecrets(keys, 'Encrypted store: keys'), 'store', 'document');
  const { acceptPlainUntil, clock = systemClock } = options;
  const plainUntil = acceptPlainUntil === undefined ? Number.NEGATIVE_INFINITY : endOf(acceptPlainUntil);
  return new EncryptedStore(store, ring, () => clock.now() < plainUntil);
}

/** None of its verbs is an async function: on Node 20 every promise is dear while there is an ambient session. */
class EncryptedStore implements Store {
  readonly capabilities: Capabilities;
  readonly readMany?: Required<Store>['readMany'];
  readonly serverOf?: Required<Store>['serverOf'];
  readonly listOwned?: Required<Store>['listOwned'];
  readonly forget?: Required<Store>['forget'];
  readonly sweep?: Required<Store>['sweep'];
  readonly scan?: Required<Store>['scan'];
  readonly close?: Required<Store>['close'];
  readonly #store: Store;
  readonly #ring: KeyRing;
  readonly #acceptsPlain: () => boolean;
  /** The inner store's own form of documents. */
  readonly #asBytes: boolean;

  constructor(store: Store, ring: KeyRing, acceptsPlain: () => boolean) {
    this.#store = store;
    this.#ring = ring;
    this.#acceptsPlain = acceptsPlain;
    const { bytes, maxBytes } = store.capabilities;
    this.#asBytes = bytes;
    this.capabilities = { ...store.capabilities, bytes: true, maxBytes: roomIn(maxBytes, bytes) };
    const { readMany, serverOf, listOwned, forget, sweep, scan, close } = store;
    if (readMany !== undefined) {
      this.readMany = (keys) =>
        readMany.call(store, keys).then((records) => records.map((record, at) => this.#openEach(keys[at], record)));
    }
    if (serverOf !== undefined) this.serverOf = (key) => serverOf.call(store, key);
    if (listOwned !== undefined) this.listOwned = (owner) => listOwned.call(store, owner);
    if (forget !== undefined) this.forget = (owner, key) => forget.call(store, owner, key);
    if (sweep !== undefined) this.sweep = (now, limit) => sweep.call(store, now, limit);
    if (scan !== undefined) this.scan = (cursor, limit): Promise<Scanned> => scan.call(store, cursor, limit);
    if (close !== undefined) this.close = () => close.call(store);
  }

  read(key: string): Promise<StoredRecord | undefined> {
    return this.#store.read(key).then((record) => record && this.#open('read', key, record));
  }

  create(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<Created> {
    return this.#store.create(key, this.#seal(key, document), expiresAt, owner).then((created) => {
      if (created.result === 'ok' || created.current === undefined) return created;
      return { result: 'exists', current: this.#open('create', key, created.current) };
    });
  }

  update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    return this.#store.update(key, version, this.#seal(key, document), expiresAt).then((updated) => {
      if (updated.result !== 'conflict' || updated.current === undefined) return updated;
      return { result: 'conflict', current: this.#open('update', key, updated.current) };
    });
  }

  touch(key: string, version: Version, expiresAt: number): Promise<boolean> {
    return this.#store.touch(key, version, expiresAt);
  }

  destroy(key: string, owner?: string): Promise<boolean> {
    return this.#store.destroy(key, owner);
  }

  put(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<void> {
    return this.#store.put(key, this.#seal(key, document), expiresAt, owner);
  }

  #seal(key: string, document: Document): Document {
    return sealDocument(this.#ring, key, document, this.#asBytes);
  }

  #open(verb: string, key: string, record: StoredRecord): StoredRecord {
    const document = openDocument(this.#ring, key, record.document);
    if (document !== undefined) return { ...record, document };
    // What claims to be sealed and does not open was tampered with, and is no plain document of former days.
    if (!isSealed(record.document) && this.#acceptsPlain()) return record;
    throw unreadable(verb);
  }

  #openEach(key: string | undefined, record: StoredRecord | Error | undefined): StoredRecord | Error | undefined {
    if (record === undefined || record instanceof Error || key === undefined) return record;
    try {
      return this.#open('read', key, record);
    } catch (error) {
      return error as Error;
    }
  }
}

/** Nothing was written, whatever the verb. */
function unreadable(verb: string): CoatcheckError {
  return new CoatcheckError(
    'STORE_FAILED',
    `Encrypted store, ${verb}: no secret opens what stands under this key: its secret is missing in the list, or somebody else wrote or moved it. Plain documents are read with acceptPlainUntil only.`,
    { outcome: 'none' },
  );
}

function endOf(date: unknown): number {
  const time = date instanceof Date ? date.getTime() : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new CoatcheckError(
    'OPTION_INVALID',
    "Encrypted store: acceptPlainUntil must be a valid Date, such as new Date('2027-01-31'): the day on which plain documents end.",
  );
}
