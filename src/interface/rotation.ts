import { closedDocument, closedNonce } from '../codec/closed.ts';
import type { DecodedRecord } from '../codec/contract.ts';
import type { Owner, StoredRecord } from '../store/contract.ts';
import type { StoreAccess } from './access.ts';
import { type Born, bear } from './birth.ts';
import { compareAndSet, conflict, type Draft } from './compare-and-set.ts';
import type { Documents } from './documents.ts';

/** A move of one session to a new key. */
export interface Move {
  readonly key: string;
  readonly base: StoredRecord;
  readonly nonce: string;
  readonly first: Draft;
  draft(current: StoredRecord, decoded: DecodedRecord): Draft;
  /** False for a draft with nothing in it: then the old record is closed and no new one is made. */
  worthKeeping(draft: Draft): boolean;
  owner(draft: Draft): Owner | undefined;
  expired(record: StoredRecord): boolean;
  conflicted(): void;
  /** When the closed record may go. */
  readonly closedUntil: number;
}

/**
 * Creates the new record, then claims the old one by closing it at exactly the version that was copied. The claim is
 * the one point of decision: before it the new record is unknown to anybody, after it the old ticket is dead. Whatever
 * else was committed in between is replayed onto the new record before the next claim.
 *
 * @returns the new record; `'closed'` when there was nothing to keep; `'gone'` when somebody else ended the session
 */
export async function rotate(access: StoreAccess, documents: Documents, move: Move): Promise<Born | 'closed' | 'gone'> {
  let current = move.base;
  let draft = move.first;
  let born: Born | undefined;
  try {
    for (let round = 0; ; round++) {
      born = await carry(access, documents, move, draft, born);
      const claim = await close(access, move, current);
      if (claim === 'mine') {
        if (move.base.owner !== undefined) await forgetQuietly(access, move.base.owner.name, move.key);
        return born ?? 'closed';
      }
      const decoded = claim === undefined || move.expired(claim) ? undefined : documents.readable(claim);
      if (claim === undefined || decoded === undefined) {
        await discard(access, born);
        return 'gone';
      }
      move.conflicted();
      draft = move.draft(claim, decoded);
      current = claim;
      // A store within the process answers before any deadline is looked at.
      if (round > 0) await access.pause(round, conflict('none'));
    }
  } catch (error) {
    // The old session may live on; the new one was never shown to anybody.
    discard(access, born).catch(() => undefined);
    throw error;
  }
}

/** Brings the new record up to the draft. */
async function carry(
  access: StoreAccess,
  documents: Documents,
  move: Move,
  draft: Draft,
  born: Born | undefined,
): Promise<Born | undefined> {
  if (!move.worthKeeping(draft)) {
    await discard(access, born);
    return undefined;
  }
  if (born === undefined) return bear(access, documents, draft, move.nonce, move.owner(draft));
  if (born.decoded === draft.decoded) return born;
  const { id, key, record } = born;
  const landed = await compareAndSet(access, documents, {
    key,
    base: record,
    nonce: move.nonce,
    first: draft,
    draft: () => draft,
    facts: () => draft.facts,
    conflicted: () => undefined,
    expired: () => false,
  });
  return 'gone' in landed ? bear(access, documents, draft, move.nonce, move.owner(draft)) : { id, key, ...landed };
}

/**
 * Closes the record at one version: ours now, or what stands there instead (undefined: ended by somebody else). A
 * claim whose answer was lost recognises itself by its nonce.
 */
async function close(
  access: StoreAccess,
  move: Move,
  current: StoredRecord,
): Promise<'mine' | StoredRecord | undefined> {
  const document = closedDocument(move.nonce);
  const claimed = await access.insist('update', () =>
    access.store.update(move.key, current.version, document, move.closedUntil),
  );
  if (claimed.result === 'ok') return 'mine';
  if (claimed.result === 'gone') return undefined;
  const newer = claimed.current ?? (await access.read(move.key));
  const nonce = newer === undefined ? undefined : closedNonce(newer.document);
  if (nonce === move.nonce) return 'mine';
  return nonce === undefined ? newer : undefined;
}

async function discard(access: StoreAccess, born: Born | undefined): Promise<void> {
  if (born === undefined) return;
  await access.attempt('destroy', () => access.store.destroy(born.key, born.record.owner?.name));
}

async function forgetQuietly(access: StoreAccess, owner: string, key: string): Promise<void> {
  const { store } = access;
  // An index may name dead keys: a failure here costs a later look-up, not a session.
  if (store.forget !== undefined) {
    await access.attempt('forget', async () => store.forget?.(owner, key)).catch(() => undefined);
  }
}
