import { closedNonce } from '../codec/closed.ts';
import { CoatcheckError } from '../errors.ts';
import { keyOf, newId } from '../keys/ids.ts';
import type { Owner } from '../store/contract.ts';
import type { StoreAccess } from './access.ts';
import type { Draft, Landed } from './compare-and-set.ts';
import type { Documents } from './documents.ts';

/** A record under a key that nobody has seen yet. */
export interface Born extends Landed {
  readonly id: string;
  readonly key: string;
}

/**
 * Creates the draft's record under a new id. Create never overwrites, so a taken key is either our own unanswered
 * attempt, known by its nonce, or a collision, and then another id is drawn (R8).
 */
export async function bear(
  access: StoreAccess,
  documents: Documents,
  draft: Draft,
  nonce: string,
  owner: Owner | undefined,
): Promise<Born> {
  const { document, expiresAt, decoded, facts } = draft;
  for (let collisions = 0; collisions < 3; collisions++) {
    const id = newId();
    const key = keyOf(id);
    const born = await access.insist('create', () => access.store.create(key, document, expiresAt, owner));
    if (born.result === 'ok')
      return { id, key, decoded, facts, record: { document, version: born.version, expiresAt, owner } };
    const current = born.current ?? (await access.read(key));
    if (current !== undefined && closedNonce(current.document) === undefined) {
      const { meta } = documents.decode(current.document);
      if (meta.nonces.includes(nonce)) return { id, key, decoded, facts, record: current };
    }
  }
  throw new CoatcheckError(
    'STORE_FAILED',
    'The store says that several new random keys are taken. It does not tell records apart; check its configuration.',
    { outcome: 'none' },
  );
}
