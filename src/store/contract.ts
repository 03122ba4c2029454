/**
 * What a store promises.
 *
 * A store keeps documents under keys and never looks into them. It knows no policy and no clock: the core judges
 * expiry by the `expiresAt` it gets back exactly as given. A store's own TTL is housekeeping only, a minute longer
 * than the record's life.
 *
 * Ordinary races are results, not exceptions: a missing record, a record that moved on, a key that is taken. An
 * exception means that the store is broken. It should be a CoatcheckError `STORE_FAILED` that says whether the call
 * may be made again (`retryable`) and whether a write may have happened (`outcome`). One attempt a verb: only the core
 * tries again, within the request's deadline.
 *
 * A version is opaque and compared for equality only. It must never come back for other contents of the same key, not
 * even after the record was destroyed and created anew. No verb needs two keys to be atomic together: a record is
 * written before its index entry, and an index may name dead keys, never miss living ones.
 *
 * A key is 64 hex characters, with a name space and a colon in front for records that are no sessions; nothing else
 * ever reaches a store. Nothing that a store hands out may alias what it keeps.
 */

/** What the core reads to see whether a store answers. No hash has so many zeros, so it is nobody's. */
export const PROBE: string = `probe:${'0'.repeat(64)}`;

/** An encoded record; `bytes` tells whether a store takes anything but text. */
export type Document = string | Uint8Array;

/** Changes with every write; equality is all that may be asked of it. */
export type Version = string | number;

/** Whose record it is: a hashed name, and the latest end the record can ever have (ms since 1970). */
export interface Owner {
  readonly name: string;
  readonly until: number;
}

/** A record as a store gives it back. It may be expired or closed: the core judges that. */
export interface StoredRecord {
  readonly document: Document;
  readonly version: Version;
  /** Milliseconds since 1970, exactly as given. */
  readonly expiresAt: number;
  readonly owner?: Owner | undefined;
}

export interface Capabilities {
  /** Where compare-and-set is exact: for everybody, in one process only, or nowhere. */
  readonly atomic: 'store' | 'process' | 'no';
  /** Whether a read sees every write that was answered before it began. */
  readonly reads: 'strong' | 'eventual';
  /** `listOwned` and `forget` exist. */
  readonly owners: boolean;
  /** `scan` exists. */
  readonly scan: boolean;
  /** Documents may be bytes. */
  readonly bytes: boolean;
  /** The largest document in bytes. */
  readonly maxBytes: number;
}

export type Created =
  | { readonly result: 'ok'; readonly version: Version }
  | { readonly result: 'exists'; readonly current?: StoredRecord | undefined };

export type Updated =
  | { readonly result: 'ok'; readonly version: Version }
  | { readonly result: 'conflict'; readonly current?: StoredRecord | undefined }
  | { readonly result: 'gone' };

export interface Scanned {
  readonly entries: readonly {
    readonly key: string;
    readonly expiresAt: number;
    readonly owner?: string | undefined;
  }[];
  /** Where to go on; undefined at the end. */
  readonly cursor: string | undefined;
}

export interface Store {
  readonly capabilities: Capabilities;
  /** The record, from the primary; undefined where there is none. */
  read(key: string): Promise<StoredRecord | undefined>;
  /**
   * The same for several keys in one round trip, in their order: what one turn of the event loop asked for. An Error
   * stands in place of a record that cannot be read, and harms no other. Leave it out where nothing travels.
   */
  readMany?(keys: readonly string[]): Promise<readonly (StoredRecord | Error | undefined)[]>;
  /**
   * Which of several servers has the key. `readMany` is then given keys of one server only, so that nobody waits for one
   * that is silent and has only records of others. It decides nothing, and may be wrong.
   */
  serverOf?(key: string): string | number;
  /** Inserts, and never overwrites: not even an expired or closed record. */
  create(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<Created>;
  /** Compare and set: writes only over the version given. Keeps the owner. Never creates. */
  update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated>;
  /** Moves the expiry, only at that version, and never to an earlier time; true if the record is there at that version. May change the version. */
  touch(key: string, version: Version, expiresAt: number): Promise<boolean>;
  /** Deletes, the record before its index entry; true if it was there. Again is no error. */
  destroy(key: string, owner?: string): Promise<boolean>;
  /** Writes whatever is there, or nothing; replaces the owner by the one given or none. */
  put(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<void>;
  /** The keys of an owner (hashed name), in any order; some may be dead. */
  listOwned?(owner: string): Promise<readonly string[]>;
  /** Takes a key off its owner's list; the record stays. */
  forget?(owner: string, key: string): Promise<void>;
  /** Deletes at most `limit` records expired at `now`, checking the expiry in the deleting statement; how many went. */
  sweep?(now: number, limit: number): Promise<number>;
  /** Walks over all keys in no order; a key that lives throughout appears at least once. */
  scan?(cursor: string | undefined, limit: number): Promise<Scanned>;
  /** Ends what the store itself opened, and nothing of the user's. */
  close?(): Promise<void>;
}
