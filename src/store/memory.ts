import { CoatcheckError } from '../errors.ts';
import { checkOptionNames, STORE_HABITS } from '../option-names.ts';
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
import type { Entry } from './memory-entry.ts';
import { EntryTable } from './memory-table.ts';

export interface MemoryStoreOptions {
  /** How many records it holds at most. Default 100,000. */
  readonly maxEntries?: number;
  /** How many bytes of documents it holds at most. Default 256 MB (268,435,456). */
  readonly maxBytes?: number;
  /** Told of every record that had to make room, with its key and its owner's hashed name. What it throws is ignored. */
  readonly onEvict?: (key: string, owner: string | undefined) => void;
}

const OPTIONS = ['maxEntries', 'maxBytes', 'onEvict'];

/** Of memorystore and lru-cache. */
const HABITS: Readonly<Record<string, string>> = {
  ...STORE_HABITS,
  max: 'How many records it holds is called maxEntries',
  maxSize: 'How many bytes of documents it holds is called maxBytes',
  dispose: 'Who hears of records that had to make room is called onEvict',
  checkPeriod: "How often expired records are removed is said to createSessions: sweep: '10m'",
  prefix: 'A store of this process alone needs no prefix. Leave it out',
};

const MAX_ENTRIES = 100_000;
const MAX_BYTES = 256 * 1024 * 1024;
/** How many records a sweep looks at for each one that it may delete: a bound on the time it takes the event loop. */
const SWEEP_REACH = 10;

/**
 * Keeps records in this process: for development, tests, and one-process servers that may forget their sessions at a
 * restart. It is bounded: when it is full, the least recently used record without an owner makes room, and one with an
 * owner only for another one with an owner, so that anonymous traffic never ends a login (R88). It has no timers; the
 * core drives `sweep`.
 *
 * Every verb compares and writes in one turn of the event loop, so compare-and-set is exact for everybody who can
 * reach the store.
 *
 * @throws CoatcheckError `OPTION_INVALID` for a bound that is not a whole number above zero, `OPTION_UNKNOWN`. Later,
 *   from the verbs: `SESSION_TOO_LARGE` for a document that is larger than the whole store, `STORE_FAILED` when a record
 *   without an owner finds the store full of records that have one.
 *
 * @example
 * const sessions = createSessions({ store: memoryStore({ maxEntries: 10_000 }) });
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  checkOptionNames(options, {
    whose: 'memoryStore: ',
    names: OPTIONS,
    habits: HABITS,
    example: 'memoryStore({ maxEntries: 10_000 })',
  });
  const maxEntries = bound(options.maxEntries, MAX_ENTRIES, 'maxEntries');
  const maxBytes = bound(options.maxBytes, MAX_BYTES, 'maxBytes');
  return new MemoryStore(new EntryTable(maxEntries, maxBytes, options.onEvict), maxBytes);
}

class MemoryStore implements Store {
  readonly capabilities: Capabilities;
  readonly #table: EntryTable;
  /** One counter for all keys: a key that is destroyed and created anew cannot meet an old version. */
  #version = 0;
  #sweepAt = 0;

  constructor(table: EntryTable, maxBytes: number) {
    this.#table = table;
    this.capabilities = { atomic: 'store', reads: 'strong', owners: true, scan: true, bytes: true, maxBytes };
  }

  async read(key: string): Promise<StoredRecord | undefined> {
    const entry = this.#table.use(key);
    return entry && handOut(entry);
  }

  async create(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<Created> {
    const taken = this.#table.use(key);
    if (taken) return { result: 'exists', current: handOut(taken) };
    const version = this.#write(undefined, key, document, expiresAt, owner);
    return { result: 'ok', version };
  }

  async update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    const entry = this.#table.use(key);
    if (entry === undefined) return { result: 'gone' };
    if (entry.version !== version) return { result: 'conflict', current: handOut(entry) };
    return { result: 'ok', version: this.#write(entry, key, document, expiresAt, entry.owner) };
  }

  async touch(key: string, version: Version, expiresAt: number): Promise<boolean> {
    const entry = this.#table.use(key);
    if (entry?.version !== version) return false;
    if (expiresAt > entry.expiresAt) entry.expiresAt = expiresAt;
    return true;
  }

  async destroy(key: string, owner?: string): Promise<boolean> {
    const entry = this.#table.get(key);
    if (entry) this.#table.remove(entry);
    if (owner !== undefined) this.#table.unlist(owner, key);
    return entry !== undefined;
  }

  async put(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<void> {
    this.#write(this.#table.get(key), key, document, expiresAt, owner);
  }

  async listOwned(owner: string): Promise<readonly string[]> {
    return this.#table.owned(owner);
  }

  async forget(owner: string, key: string): Promise<void> {
    const entry = this.#table.get(key);
    if (entry?.owner?.name === owner) this.#table.own(entry, undefined);
    else this.#table.unlist(owner, key);
  }

  async sweep(now: number, limit: number): Promise<number> {
    const slots = this.#table.slots;
    let gone = 0;
    for (let left = Math.min(slots, limit * SWEEP_REACH); left > 0 && gone < limit; left--) {
      if (this.#sweepAt >= slots) this.#sweepAt = 0;
      const entry = this.#table.at(this.#sweepAt++);
      if (entry === undefined || entry.expiresAt > now) continue;
      this.#table.remove(entry);
      gone++;
    }
    return gone;
  }

  async scan(cursor: string | undefined, limit: number): Promise<Scanned> {
    const entries: { key: string; expiresAt: number; owner: string | undefined }[] = [];
    let slot = cursor === undefined ? 0 : Number(cursor);
    for (; slot < this.#table.slots && entries.length < limit; slot++) {
      const entry = this.#table.at(slot);
      if (entry) entries.push({ key: entry.key, expiresAt: entry.expiresAt, owner: entry.owner?.name });
    }
    return { entries, cursor: slot < this.#table.slots ? String(slot) : undefined };
  }

  #write(
    entry: Entry | undefined,
    key: string,
    document: Document,
    expiresAt: number,
    owner: Owner | undefined,
  ): number {
    const kept = typeof document === 'string' ? document : new Uint8Array(document);
    const written = this.#table.write(entry, key, kept, owner && { name: owner.name, until: owner.until });
    written.expiresAt = expiresAt;
    written.version = ++this.#version;
    return written.version;
  }
}

function handOut({ document, version, expiresAt, owner }: Entry): StoredRecord {
  return {
    document: typeof document === 'string' ? document : new Uint8Array(document),
    version,
    expiresAt,
    owner: owner && { name: owner.name, until: owner.until },
  };
}

function bound(value: number | undefined, fallback: number, name: string): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new CoatcheckError('OPTION_INVALID', `memoryStore: ${name} must be a whole number above zero.`);
}
