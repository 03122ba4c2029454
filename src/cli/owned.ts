import { ownersUnsupported } from '../interface/owners.ts';
import { handleOf } from '../keys/ids.ts';
import type { StoredRecord } from '../store/contract.ts';
import { usage } from './exit.ts';
import type { Desk, Place } from './store.ts';
import { pagesOf } from './walk.ts';

/** A record that was looked for. */
export interface Found {
  readonly key: string;
  readonly record: StoredRecord;
}

/**
 * The keys of an owner's records, dead ones included.
 *
 * @param owner the hashed name
 * @throws CoatcheckError `OWNERS_UNSUPPORTED`
 */
export async function keysOf(desk: Desk, owner: string): Promise<readonly string[]> {
  const { store } = desk;
  const { listOwned } = store;
  if (listOwned === undefined) throw ownersUnsupported();
  const keys = await desk.access().insist('listOwned', () => listOwned.call(store, owner));
  return [...new Set(keys)];
}

/** A word that may be a handle. What has another shape may be a cookie, and is not quoted. */
export function checkHandle(word: string): void {
  if (/^[\w-]{22}$/.test(word)) return;
  throw usage('A handle has 22 characters, as coatcheck list shows them. A cookie is looked at by coatcheck decode');
}

/**
 * The record behind a handle: no store knows handles, so all keys are walked over, or those of one owner.
 *
 * @param owner the hashed name, where somebody knows it
 */
export async function findHandle(
  desk: Desk,
  place: Place,
  handle: string,
  owner: string | undefined,
): Promise<Found | undefined> {
  const key = await (owner === undefined ? walked(desk, place, handle) : owned(desk, handle, owner));
  const record = key === undefined ? undefined : await desk.access().read(key);
  return key === undefined || record === undefined ? undefined : { key, record };
}

async function owned(desk: Desk, handle: string, owner: string): Promise<string | undefined> {
  return (await keysOf(desk, owner)).find((key) => handleOf(key) === handle);
}

async function walked(desk: Desk, place: Place, handle: string): Promise<string | undefined> {
  for await (const { entries } of pagesOf(desk, place)) {
    const found = entries.find(({ key }) => handleOf(key) === handle);
    if (found !== undefined) return found.key;
  }
  return undefined;
}
