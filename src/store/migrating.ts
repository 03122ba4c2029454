/*
 * Why nothing is lost, and nothing comes back. F is the record in the old store (`from`), T the one in the new (`to`).
 * T hides F: the record is T where there is one, else F. Nobody writes a new F, so an F that is gone stays gone. A `*`
 * stands where a crash, or another request, may come between two calls.
 *
 *   read       T; where there is none F; where there is none T again, for it may have moved over in between
 *   update     at a version of F: read F * to.create * from.destroy. The create decides: of several first writers one is
 *              ok, the others get a conflict with what it wrote. F is read for its owner, and because a version of an F
 *              that is gone brings nothing over
 *              at a version of T: to.update
 *   touch      at a version of F: from.touch * read T: where there is one, what was touched was nothing any more
 *   ending     (put of a closed document) read F * to.put closed * from.destroy. The closed T lives to the absolute end
 *              of F: whoever read F before finds it and writes nothing, however slow he is
 *   rotation   (update to a closed document) at a version of F: as above, and T lives as long. At a version of T:
 *              from.destroy * to.update, which lives as long if there still was an F
 *   destroy    read F, read T * erase: to.create or to.update of an erased document * from.destroy. It is a closed one
 *              that reads as nothing here, and lives as long too, or as the record would have where there is no F. The
 *              create or update decides who of several destroyed it
 *   create     read F: where there is one, it exists * to.create. An erased T is written over
 *   put        where there is an F and no T: to.create * from.destroy; else from.destroy * to.put
 *   lists, walks   first the old, then the new: what leaves one in between is in the other
 *
 * A crash before T leaves F as it was. A crash after it leaves an F below T that nobody sees while T is there, so T must
 * not end first: `to.create` gives it at least the life of F, and a write that shortens the life of T deletes F before.
 * `from` may fail while it only deletes what T hides; then T lives longer instead. That is why a version of T carries the
 * expiry that it was read with.
 *
 * What remains: a single call that is on its way to the new store for longer than T lives (60 s for an emptied session,
 * the absolute end for an ended one) may bring F over after all; a touch of F that meets a crash of its first writer may
 * leave F a moment longer than T; and two creates at once, with an owner, of a key that was destroyed before: the later
 * one wins.
 */
import { type Duration, durationMs } from '../duration.ts';
import { CoatcheckError } from '../errors.ts';
import { checkOptionNames } from '../option-names.ts';
import type { Store } from './contract.ts';
import { MigratingStore } from './migrating-store.ts';

export interface MigratingStoreOptions {
  /** The store that has the sessions now. It gets no new records; what is written moves out of it. */
  readonly from: Store;
  /** The store that is to have them. */
  readonly to: Store;
  /**
   * The longest that a session can live, from its beginning: the larger one of `lifetime.absolute` and
   * `lifetime.permanent.absolute` of `createSessions`. So long an ended session of the old store is remembered in the new
   * one, unless the record's owner says that it ends before. Default `'180d'`, which is that of `createSessions`.
   */
  readonly absolute?: Duration;
}

const OPTIONS = ['from', 'to', 'absolute'];

const HABITS: Readonly<Record<string, string>> = {
  old: 'The store that has the sessions now is called from',
  new: 'The store that is to have them is called to',
  lifetime: "The longest life of a session is called absolute: '180d'",
};

/**
 * A store that moves sessions from one store to another while visitors use them, so that nobody is logged out. A record
 * is read from the new store or else from the old one, and each write goes to the new one; what is only read stays where
 * it is until it ends. All guarantees are those of the weaker of the two stores, also while both are in use.
 *
 * Both must stay reachable. Every process must use it: one that knows the old store alone does not find what has moved.
 * Documents are looked at only to see whether they are closed, so put `encrypted` around each of the two and not around
 * this one.
 *
 * @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`
 *
 * @example
 * const store = migrating({ from: await openRedis({ url }), to: await openPostgres({ url }) });
 */
export function migrating(options: MigratingStoreOptions): Store {
  checkOptionNames(options, {
    whose: 'Migrating store: ',
    names: OPTIONS,
    habits: HABITS,
    example: 'migrating({ from: await openRedis({ url }), to: await openPostgres({ url }) })',
  });
  const { from, to, absolute = '180d' } = options;
  for (const [name, store] of Object.entries({ from, to })) {
    if (typeof store?.read === 'function') continue;
    throw new CoatcheckError(
      'OPTION_INVALID',
      `Migrating store: ${name} must be a store that is open, such as await openRedis({ url }).`,
    );
  }
  if (from === to) throw new CoatcheckError('OPTION_INVALID', 'Migrating store: from and to must be two stores.');
  return new MigratingStore(from, to, durationMs(absolute, 'Migrating store: absolute'));
}
