import type { Document, Owner, Store, StoredRecord, Version } from '../../store/contract.ts';

/** What a case needs of a store; a store without it is no worse for that, and the case is skipped with its reason. */
export type Need = 'atomic' | 'strong' | 'owners' | 'scan' | 'bytes' | 'sweep' | 'readMany' | 'close';

/** What a case works with. Keys and owners are new in each case, so the store may hold whatever else it likes. */
export interface CaseContext {
  readonly store: Store;
  /** A new key as coatcheck makes them, with a name space in front if one is given. */
  key(space?: string): string;
  /** A new owner, as a hashed name. */
  owner(until?: number): Owner;
  /** Checks what was read; again for up to ten seconds where the store says `reads: 'eventual'`. */
  seen(check: () => Promise<void>): Promise<void>;
}

/** One sentence of the contract, and how to see whether a store keeps it. */
export interface StoreCase {
  readonly name: string;
  readonly needs?: readonly Need[];
  /** Throws (an AssertionError of node:assert) where the store breaks its promise. */
  run(context: CaseContext): Promise<void>;
}

/** An hour from now, in whole milliseconds that are no whole second. */
export const inAnHour = (): number => Math.floor(Date.now() / 1000) * 1000 + 3_600_123;

/** Expired, but not for so long that a store's own TTL, a minute behind, may have taken the record. */
export const aSecondAgo = (): number => Date.now() - 1000;

export const text = (n: number): string => JSON.stringify({ n });

/** Creates a record and gives its version. */
export async function created(
  store: Store,
  key: string,
  document: Document = text(0),
  expiresAt: number = inAnHour(),
  owner?: Owner,
): Promise<Version> {
  const answer = await again(() => store.create(key, document, expiresAt, owner));
  if (answer.result !== 'ok') throw new Error('The store says that a key nobody ever used exists.');
  return answer.version;
}

/** Reads a record that must be there. */
export async function present(store: Store, key: string): Promise<StoredRecord> {
  const record = await again(() => store.read(key));
  if (record === undefined) throw new Error('The store does not find a record that must be there.');
  return record;
}

/** Makes a call again, as the core does, while its error says that it may and that nothing was written. */
export async function again<T>(call: () => Promise<T>): Promise<T> {
  const end = Date.now() + 4000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const { retryable, outcome } = error as { retryable?: unknown; outcome?: unknown };
      if (retryable !== true || outcome === 'unknown' || Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
  }
}
