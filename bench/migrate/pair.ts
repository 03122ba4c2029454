import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { storeFromUrl } from '../../src/url.ts';
import { type Crowd, known, listed } from './crowd.ts';
import { command, type Migrated, migrateKilled, type Start, type Stats } from './killed.ts';

export interface Pair {
  readonly from: string;
  readonly to: string;
  readonly crowd: Crowd;
  /** For notes and files. */
  readonly folder: string;
  readonly batch: number;
}

/** What moving a crowd from one store to another showed. */
export interface Moved {
  /** How many records the killed run had noted. */
  readonly killedAt: number;
  readonly migrated: Migrated;
  /** Of the new store, afterwards. */
  readonly stats: Stats;
  /** Entries in the lists of some owners, before and afterwards. */
  readonly lists: readonly [number, number];
  /** How many of the sampled cookies work on the new store. */
  readonly known: number;
}

export async function move(start: Start, { from, to, crowd, folder, batch }: Pair): Promise<Moved> {
  const notes = mkdtempSync(join(folder, 'notes-'));
  const all = crowd.sessions + crowd.expired + crowd.closed + crowd.records;
  const killAt = Math.ceil(all / 3);
  const { killedAt, migrated } = await migrateKilled(start, { from, to, folder: notes, killAt, batch });
  const stats = await command<Stats>(start, ['stats', '--store', to]);
  const [old, fresh] = [await storeFromUrl(from), await storeFromUrl(to)];
  try {
    const lists = [await listed(old, crowd.owners), await listed(fresh, crowd.owners)] as const;
    return { killedAt, migrated, stats, lists, known: await known(fresh, crowd.cookies) };
  } finally {
    await old.close?.();
    await fresh.close?.();
  }
}

/** What is not as it must be. */
export function wrongs({ killedAt, migrated, stats, lists, known: works }: Moved, crowd: Crowd): string[] {
  const { sessions, expired, closed, records, index, cookies } = crowd;
  const { total } = migrated;
  const facts: Readonly<Record<string, readonly [number, number]>> = {
    'read = copied + already there + expired + closed + failed': [
      total.read,
      total.copied + total.there + total.expired + total.closed + total.failed,
    ],
    'all that was there was read': [total.read - total.expired, sessions + closed + records],
    'living sessions came over': [
      (migrated.spaces.sessions?.copied ?? 0) + (migrated.spaces.sessions?.there ?? 0),
      sessions,
    ],
    'expired ones did not': [crowd.forgets ? Math.max(expired, total.expired) : total.expired, expired],
    'closed ones did not': [total.closed, closed],
    'nothing failed': [total.failed, 0],
    'sessions of the new store': [stats.spaces.sessions?.living ?? 0, sessions],
    'records of the new store': [stats.spaces.coupons?.living ?? 0, records],
    'nothing else is there': [stats.total.records, sessions + records],
    'index entries of the new store': [stats.index.entries, index],
    'lists of owners': [lists[1], lists[0]],
    'cookies that work': [works, cookies.size],
    'the first run was killed': [Number(killedAt > 0), 1],
    'the second went on': [migrated.already, killedAt],
  };
  return Object.entries(facts)
    .filter(([, [is, shall]]) => is !== shall)
    .map(([fact, [is, shall]]) => `${fact}: ${is} and not ${shall}`);
}
