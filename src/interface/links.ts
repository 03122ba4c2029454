import type { StoredRecord } from '../store/contract.ts';
import type { StoreAccess } from './access.ts';
import type { Documents } from './documents.ts';

/** The keys of the records that end with the session that this record holds. */
export function linksOf(documents: Documents, record: StoredRecord | undefined): readonly string[] {
  return (record && documents.readable(record)?.meta.linked) ?? [];
}

/**
 * Deletes what ends with a session. Before the session itself, whose record alone says what there is: a token that could
 * bring it back is as good as a ticket (R25), and whoever failed to end it must find both when they try again.
 */
export async function unlink(access: StoreAccess, keys: readonly string[], owner: string | undefined): Promise<void> {
  for (const key of keys) {
    // Nothing but a record of a name space is ever linked; a session ends by its own rules.
    if (key.includes(':')) await access.insist('destroy', () => access.store.destroy(key, owner));
  }
}
