import type { StoreAccess } from '../interface/access.ts';
import type { Scanned, StoredRecord } from '../store/contract.ts';
import { type Desk, type Place, scanUnsupported } from './store.ts';

/** One step of a walk over all keys. */
export type Entry = Scanned['entries'][number];

/** How many keys one step asks for. */
export const PAGE = 500;

/**
 * Walks over all keys, sessions and records of every space. A key may come twice where the store moves keys about.
 *
 * @param from the cursor of an earlier walk
 * @throws CoatcheckError `SCAN_UNSUPPORTED`, and what the store says
 */
export async function* pagesOf(desk: Desk, place: Place, from?: string): AsyncGenerator<Scanned> {
  const { store } = desk;
  const { scan } = store;
  if (scan === undefined) throw scanUnsupported(place);
  let cursor = from;
  do {
    const at = cursor;
    const page = await desk.access().insist('scan', () => scan.call(store, at, PAGE));
    yield page;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** How many keys there are; undefined where somebody stopped the counting. */
export async function countOf(
  desk: Desk,
  place: Place,
  counts: (entry: Entry) => boolean,
  interrupted: AbortSignal,
): Promise<number | undefined> {
  let found = 0;
  for await (const { entries } of pagesOf(desk, place)) {
    if (interrupted.aborted) return undefined;
    for (const entry of entries) if (counts(entry)) found++;
  }
  return found;
}

/** What became of a read: the record, nothing, or why it cannot be read. */
export type Read = StoredRecord | Error | undefined;

/** Reads several records, in one round trip where the store can. What is wrong with one harms no other. */
export function readAll(access: StoreAccess, keys: readonly string[]): Promise<Read[]> {
  return Promise.all(keys.map((key) => access.read(key).catch((error: unknown) => error as Error)));
}
