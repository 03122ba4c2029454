import type { Meta } from '../codec/contract.ts';
import { hashName } from '../keys/ids.ts';
import type { RequestSession } from '../session/request-session.ts';
import type { Standing } from '../session/request-state.ts';
import { amended } from './drafts.ts';
import { identityOf } from './identity.ts';
import { ownerName } from './owner-name.ts';
import { ServerSession } from './server-session.ts';
import type { CommonSettings } from './settings.ts';

const BLANK: Meta = { created: 0, commits: 0, nonces: [] };

/**
 * Whether somebody is logged in as the session stands now: by a login, by an identity key written by hand, or as what
 * `ownerOf` names. No look, but it decodes; throws what a look would throw where the store failed.
 */
export function standingOf(session: RequestSession, settings: CommonSettings): Standing {
  const data = session.peek();
  const { origin, changes } = session;
  const decoded = origin.kind === 'record' ? origin.decoded : undefined;
  const identity = identityOf(data, settings.identityKeys);
  const owner = ownerName({ data, meta: amended(decoded?.meta ?? BLANK, changes.meta ?? {}) }, settings);
  if (identity === undefined && owner === undefined) return 'nobody';
  // What is to be rotated, or is nowhere yet, has an id that only its commit knows.
  if (decoded === undefined || changes.rotates || identity !== session.identity) return 'moving';
  return ownerMoves(session, owner, settings) ? 'moving' : 'somebody';
}

/** As the commit judges it: another owner, another key. Sealed sessions have none beside their data. */
function ownerMoves(session: RequestSession, owner: string | undefined, { ownerOf }: CommonSettings): boolean {
  if (ownerOf === undefined || session.origin.kind !== 'record' || !(session instanceof ServerSession)) return false;
  return session.origin.record.owner?.name !== (owner === undefined ? undefined : hashName(owner));
}
