import { CoatcheckError } from '../errors.ts';
import type { Document, Owner } from './contract.ts';
import { type Entry, sizeOf } from './memory-entry.ts';
import { UseOrder } from './memory-order.ts';

/**
 * A bounded table of records: found by key, by owner and by slot, and kept in two orders of use, one without and one
 * with owners. A slot that fell free is taken again, so a record never moves and the table is never longer than the
 * most it held.
 */
export class EntryTable {
  readonly #byKey = new Map<string, Entry>();
  readonly #byOwner = new Map<string, Set<string>>();
  readonly #bySlot: (Entry | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #anonymous = new UseOrder();
  readonly #ownedOrder = new UseOrder();
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #onEvict: ((key: string, owner: string | undefined) => void) | undefined;
  #bytes = 0;

  constructor(
    maxEntries: number,
    maxBytes: number,
    onEvict: ((key: string, owner: string | undefined) => void) | undefined,
  ) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#onEvict = onEvict;
  }

  get slots(): number {
    return this.#bySlot.length;
  }

  at(slot: number): Entry | undefined {
    return this.#bySlot[slot];
  }

  get(key: string): Entry | undefined {
    return this.#byKey.get(key);
  }

  /** The same, and it counts as a use. */
  use(key: string): Entry | undefined {
    const entry = this.#byKey.get(key);
    if (entry) this.#order(entry).renew(entry);
    return entry;
  }

  owned(owner: string): string[] {
    return [...(this.#byOwner.get(owner) ?? [])];
  }

  /** Writes over `entry`, or into a new one, after making room; version and expiry are the caller's to set. */
  write(entry: Entry | undefined, key: string, document: Document, owner: Owner | undefined): Entry {
    const bytes = sizeOf(document);
    this.#makeRoom(entry, bytes, owner !== undefined);
    const written = entry ?? this.#insert(key, owner);
    this.#bytes += bytes - written.bytes;
    written.document = document;
    written.bytes = bytes;
    if (entry) this.own(entry, owner);
    return written;
  }

  /** Gives the entry another owner or none; it counts as a use. */
  own(entry: Entry, owner: Owner | undefined): void {
    this.#order(entry).remove(entry);
    if (entry.owner && entry.owner.name !== owner?.name) this.unlist(entry.owner.name, entry.key);
    entry.owner = owner;
    this.#order(entry).add(entry);
    if (owner) this.#list(owner.name, entry.key);
  }

  remove(entry: Entry): void {
    this.#order(entry).remove(entry);
    if (entry.owner) this.unlist(entry.owner.name, entry.key);
    this.#byKey.delete(entry.key);
    this.#bySlot[entry.slot] = undefined;
    this.#freeSlots.push(entry.slot);
    this.#bytes -= entry.bytes;
  }

  unlist(owner: string, key: string): void {
    const keys = this.#byOwner.get(owner);
    if (keys?.delete(key) && keys.size === 0) this.#byOwner.delete(owner);
  }

  #insert(key: string, owner: Owner | undefined): Entry {
    const slot = this.#freeSlots.pop() ?? this.#bySlot.length;
    const entry: Entry = {
      key,
      slot,
      document: '',
      bytes: 0,
      version: 0,
      expiresAt: 0,
      owner,
      older: undefined,
      newer: undefined,
    };
    this.#byKey.set(key, entry);
    this.#bySlot[slot] = entry;
    this.#order(entry).add(entry);
    if (owner) this.#list(owner.name, key);
    return entry;
  }

  #list(owner: string, key: string): void {
    const keys = this.#byOwner.get(owner);
    if (keys) keys.add(key);
    else this.#byOwner.set(owner, new Set([key]));
  }

  #order(entry: Entry): UseOrder {
    return entry.owner ? this.#ownedOrder : this.#anonymous;
  }

  #makeRoom(entry: Entry | undefined, bytes: number, owned: boolean): void {
    if (bytes > this.#maxBytes) {
      throw new CoatcheckError(
        'SESSION_TOO_LARGE',
        'The document is larger than the whole memory store: store less, or raise maxBytes.',
        { outcome: 'none' },
      );
    }
    const full = (): boolean =>
      this.#bytes - (entry?.bytes ?? 0) + bytes > this.#maxBytes ||
      (entry === undefined && this.#byKey.size >= this.#maxEntries);
    while (full()) {
      const oldest = this.#anonymous.oldest(entry) ?? (owned ? this.#ownedOrder.oldest(entry) : undefined);
      if (oldest === undefined) {
        throw new CoatcheckError(
          'STORE_FAILED',
          'The memory store is full of sessions that belong to an owner: raise maxEntries or maxBytes, or use a store outside the process.',
          { outcome: 'none' },
        );
      }
      this.remove(oldest);
      this.#tell(oldest);
    }
  }

  /** On a turn of its own: a listener that uses the store must not meet it in the middle of a write. */
  #tell(evicted: Entry): void {
    if (this.#onEvict === undefined) return;
    queueMicrotask(() => {
      try {
        this.#onEvict?.(evicted.key, evicted.owner?.name);
      } catch {
        // A listener's own mistake is no reason to end the process.
      }
    });
  }
}
