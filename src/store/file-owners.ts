import { open, readdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ifThere, removeEmpty, withFolders } from './file-disk.ts';
import { codeOf, type Faults, noneIfForeign } from './file-errors.ts';
import { checkThere } from './file-folder.ts';
import type { Listed } from './file-label.ts';
import { entryName, isOwner, type Places, readEntry } from './file-places.ts';
import type { FileRecords } from './file-record.ts';

/**
 * Whose a record is, the other way round: a folder an owner, and in it an empty file a record, whose name begins with
 * the latest end that the record can have. An entry is of one record and of no later one under the same key, and only
 * goes when that record has gone: so a living one is never missing.
 */
export class FileOwners {
  readonly #places: Places;

  constructor(places: Places) {
    this.#places = places;
  }

  async add(owner: Listed, key: string, verb: string): Promise<void> {
    const folder = this.#places.owner(owner.name, verb);
    const path = join(folder, entryName(key, owner));
    await withFolders([dirname(folder), folder], async () => (await open(path, 'a', 0o600)).close());
  }

  async list(owner: string, verb: string): Promise<string[]> {
    const entries = await entriesOf(this.#places.owner(owner, verb));
    if (entries.length === 0) await checkThere(this.#places, verb);
    return [...new Set(entries.flatMap((entry) => readEntry(entry)?.key ?? []))];
  }

  /** The names of a key's entries. */
  async entries(owner: string, key: string, verb: string): Promise<string[]> {
    const names = await entriesOf(this.#places.owner(owner, verb));
    return names.filter((name) => readEntry(name)?.key === key);
  }

  /** Takes entries away, by their names. */
  async remove(owner: string, names: readonly string[], verb: string): Promise<void> {
    const folder = this.#places.owner(owner, verb);
    for (const name of names) await ifThere(unlink(join(folder, name)));
    if (names.length > 0) await removeEmpty(folder);
  }

  /**
   * Takes away what is over, of the owners whose hashes begin with these two digits. An update may have moved the end
   * of a record beyond what its entry says, so the record has the last word.
   */
  async sweep(shard: string, now: number, records: FileRecords, faults: Faults): Promise<void> {
    const folder = this.#places.room('owners', shard);
    for (const owner of (await faults.past(entriesOf(folder))) ?? []) {
      if (isOwner(owner)) await faults.past(this.#sweepOwner(join(folder, owner), owner, now, records, faults));
    }
  }

  async #sweepOwner(folder: string, owner: string, now: number, records: FileRecords, faults: Faults): Promise<void> {
    const names = await entriesOf(folder);
    for (const name of names) {
      const read = readEntry(name);
      if (read === undefined || read.until > now) continue;
      await faults.past(
        (async () => {
          const label = await records.look(this.#places.of(read.key, 'sweep'), 'sweep').catch(noneIfForeign);
          if (label?.owner?.name !== owner || label.owner.entry !== read.entry)
            await this.remove(owner, [name], 'sweep');
        })(),
      );
    }
    if (names.length === 0) await removeEmpty(folder);
  }
}

/** The names in a folder; none where there is no folder. */
export async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
