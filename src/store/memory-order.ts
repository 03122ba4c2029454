import type { Entry } from './memory-entry.ts';

/**
 * Entries from the least to the most recently used: a list linked through the entries themselves. A Map would do the
 * same by deleting and adding again, but finding its first key then walks over every hole that was left before it.
 */
export class UseOrder {
  #oldest: Entry | undefined;
  #newest: Entry | undefined;

  /** The least recently used, passing over the one that is being written. */
  oldest(except: Entry | undefined): Entry | undefined {
    return this.#oldest === except ? this.#oldest?.newer : this.#oldest;
  }

  add(entry: Entry): void {
    entry.older = this.#newest;
    entry.newer = undefined;
    if (this.#newest) this.#newest.newer = entry;
    else this.#oldest = entry;
    this.#newest = entry;
  }

  remove(entry: Entry): void {
    if (entry.older) entry.older.newer = entry.newer;
    else this.#oldest = entry.newer;
    if (entry.newer) entry.newer.older = entry.older;
    else this.#newest = entry.older;
    entry.older = undefined;
    entry.newer = undefined;
  }

  renew(entry: Entry): void {
    if (this.#newest === entry) return;
    this.remove(entry);
    this.add(entry);
  }
}
