import { CoatcheckError } from '../../errors.ts';
import type { StoreAccess } from '../../interface/access.ts';
import type { StoredRecord } from '../../store/contract.ts';
import { bytesOf, isClosed, spaceOf } from '../facts.ts';
import type { Desk } from '../store.ts';
import { type Entry, type Read, readAll } from '../walk.ts';
import { Counts, type Fate } from './counts.ts';

/** How a page is copied. */
export interface CopyOptions {
  /** How many records are written at the same time. */
  readonly parallel: number;
  /** Only look what would become of each. */
  readonly dryRun: boolean;
  /** The new store keeps no lists of owners. */
  readonly dropOwners: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A record on its way. */
interface Load {
  readonly entry: Entry;
  /** Undefined for one that is known to be over and was not read. */
  readonly read: Read;
}

/** Reads the records of a page, but for those that are over anyway. */
export async function load(from: Desk, entries: readonly Entry[], now: number): Promise<readonly Load[]> {
  const living = entries.filter(({ expiresAt }) => expiresAt > now);
  const records = await readAll(
    from.access(),
    living.map(({ key }) => key),
  );
  const read = new Map(living.map(({ key }, at) => [key, records[at]]));
  // One that ended between the walk and the read is not there any more, and counts nowhere.
  return entries
    .map((entry) => ({ entry, read: read.get(entry.key) }))
    .filter((one) => one.read !== undefined || one.entry.expiresAt <= now);
}

/**
 * Copies a page. What is there already stays as it is, for it may be newer, or closed: a session that ended on the new
 * store must not come back.
 *
 * @returns what was counted, all of the page
 * @throws CoatcheckError where a store does not answer any more: then nothing of the page counts, and all of it is
 * looked at again
 */
export async function copy(to: Desk, page: readonly Load[], options: CopyOptions): Promise<Counts> {
  const counts = new Counts();
  const access = to.access();
  const there = options.dryRun ? await keysThere(to, page, options.now) : undefined;
  const waiting = page.values();
  let ended = false;
  const work = async (): Promise<void> => {
    for (const { entry, read } of waiting) {
      // Another one has met the end of the run.
      if (ended) return;
      const owned = entry.owner !== undefined && !options.dropOwners;
      counts.add(spaceOf(entry.key), await fateOf(entry.key, read), owned);
    }
  };
  const fateOf = async (key: string, read: Read): Promise<Fate> => {
    if (read === undefined) return 'expired';
    try {
      if (read instanceof Error) throw read;
      if (read.expiresAt <= options.now) return 'expired';
      if (isClosed(read)) return 'closed';
      if (bytesOf(read.document) > to.store.capabilities.maxBytes) throw tooLarge();
      if (there !== undefined) return there.has(key) ? 'there' : 'copied';
      return await create(to, access, key, options.dropOwners ? { ...read, owner: undefined } : read);
    } catch (error) {
      if (!isOfOneRecord(error)) {
        ended = true;
        throw error;
      }
      counts.fail(error.code);
      return 'failed';
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.parallel, page.length) }, work));
  return counts;
}

async function create(to: Desk, access: StoreAccess, key: string, record: StoredRecord): Promise<Fate> {
  const { document, expiresAt, owner } = record;
  let attempts = 0;
  const created = await access.insist('create', () => {
    attempts++;
    return to.store.create(key, document, expiresAt, owner);
  });
  if (created.result === 'ok') return 'copied';
  // An attempt that was not answered may have been ours.
  return attempts > 1 && created.current?.document === document ? 'copied' : 'there';
}

async function keysThere(to: Desk, page: readonly Load[], now: number): Promise<ReadonlySet<string>> {
  const keys = page.filter(({ entry }) => entry.expiresAt > now).map(({ entry }) => entry.key);
  const records = await readAll(to.access(), keys);
  return new Set(keys.filter((_, at) => records[at] !== undefined));
}

function tooLarge(): CoatcheckError {
  return new CoatcheckError('SESSION_TOO_LARGE', 'The new store takes no document of this length.');
}

/** A record that is damaged, or too large for the new store. What the whole store cannot do just now ends the run. */
function isOfOneRecord(error: unknown): error is CoatcheckError {
  if (!(error instanceof CoatcheckError) || error.retryable || error.outcome === 'unknown') return false;
  return error.code !== 'STORE_TIMEOUT' && error.code !== 'STORE_DOWN';
}
