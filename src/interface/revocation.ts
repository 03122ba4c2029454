import type { Records } from './records.ts';
import type { SealedSession } from './sealed-value.ts';

/**
 * How a sealed cookie can be ended on the server. `'none'`: it cannot; logout only clears this browser, and a copied
 * cookie works until its time is over. `'denylist'`: each ended cookie is remembered until then. `'epoch'`: each owner
 * has a moment before which nothing counts, so ending one session ends all of that owner's.
 */
export type RevocationMode = 'none' | 'denylist' | 'epoch';

/** What can be ended: a random name, and when it began (ms since 1970). */
export type Revocable = Pick<SealedSession, 'id' | 'since'>;

/** What is asked of a revocation. */
export interface Revocation {
  readonly mode: RevocationMode;
  /** When the session was ended (ms since 1970), if it was. `owner` is asked only where it matters. */
  endOf(session: Revocable, owner: () => string | undefined): Promise<number | undefined>;
  /** Ends a session; `until`: when its last copy is worthless by itself (ms since 1970). */
  revoke(session: Revocable, owner: string | undefined, until: number): Promise<void>;
  /** Ends every session of an owner that began before now, where the mode can. */
  revokeOwner(owner: string): Promise<void>;
}

/** What is remembered belongs to somebody, so that a store with bounds does not drop it before what belongs to nobody. */
const KEEPER = 'sealed sessions that ended';

/** Remembers every ended cookie until it would have ended by itself. */
export function denylist(records: Records<number>, now: () => number): Revocation {
  return {
    mode: 'denylist',
    endOf: ({ id }) => records.get(id),
    revoke: async ({ id }, _owner, until) => {
      await records.update(id, (ended = now()) => ended, {
        expiresIn: { ms: Math.max(1000, until - now()) },
        owner: KEEPER,
      });
    },
    revokeOwner: () => Promise.resolve(),
  };
}

/** Remembers for each owner the moment before which no cookie counts. Sessions of nobody cannot be ended so. */
export function epoch(records: Records<number>, now: () => number, lifeMs: number): Revocation {
  const revokeOwner = async (owner: string): Promise<void> => {
    await records.update(owner, (before = 0) => Math.max(before, now()), { expiresIn: { ms: lifeMs }, owner: KEEPER });
  };
  return {
    mode: 'epoch',
    async endOf({ since }, owner) {
      const name = owner();
      const notBefore = name === undefined ? undefined : await records.get(name);
      return notBefore !== undefined && since <= notBefore ? notBefore : undefined;
    },
    async revoke(_session, owner) {
      if (owner !== undefined) await revokeOwner(owner);
    },
    revokeOwner,
  };
}
