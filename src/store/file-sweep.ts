import { rename, rm, rmdir, stat } from 'node:fs/promises';
import { ifThere, removeEmpty } from './file-disk.ts';
import { Faults, noneIfForeign } from './file-errors.ts';
import type { Label } from './file-label.ts';
import { entriesOf, type FileOwners } from './file-owners.ts';
import { entryName, keyOf, type Places, readDocumentName } from './file-places.ts';
import type { FileRecords } from './file-record.ts';

const SHARDS: readonly string[] = Array.from({ length: 256 }, (_, at) => at.toString(16).padStart(2, '0'));

/** How old what nobody speaks of must be before it counts as left behind: many times a request's deadline (ms). */
const LEFTOVER_MS = 60_000;

/** In front of the name of a fresh folder that was taken away from its writer. */
const SWEPT = 'swept-';

/**
 * Removes expired records, and what killed writers left behind. It goes on where the last call stopped, so that no
 * shard waits for ever behind a full one.
 */
export class FileSweeper {
  readonly #places: Places;
  readonly #records: FileRecords;
  readonly #owners: FileOwners;
  #at = 0;

  constructor(places: Places, records: FileRecords, owners: FileOwners) {
    this.#places = places;
    this.#records = records;
    this.#owners = owners;
  }

  /**
   * At most `limit` records; how many went. What cannot be read or removed is passed over, and told only where nothing
   * else went.
   */
  async sweep(now: number, limit: number): Promise<number> {
    const faults = new Faults();
    let gone = 0;
    await faults.past(this.#sweepNew(faults));
    const used = new Set<string>();
    for (const room of ['records', 'documents', 'owners'] as const) {
      for (const shard of (await faults.past(entriesOf(this.#places.room(room)))) ?? []) used.add(shard);
    }
    for (let shards = 0; shards < SHARDS.length && gone < limit; shards++) {
      const shard = SHARDS[this.#at] ?? '';
      if (used.has(shard)) gone += await this.#sweepShard(shard, now, limit - gone, faults);
      if (gone < limit) this.#at = (this.#at + 1) % SHARDS.length;
    }
    if (gone === 0) faults.tell();
    return gone;
  }

  async #sweepShard(shard: string, now: number, limit: number, faults: Faults): Promise<number> {
    // Before the records are looked at: a document that is here and none of theirs was not written only just now.
    const documents = (await faults.past(entriesOf(this.#places.room('documents', shard)))) ?? [];
    const current = new Set<string>();
    let gone = 0;
    for (const name of (await faults.past(entriesOf(this.#places.room('records', shard)))) ?? []) {
      const key = keyOf(name);
      if (key === undefined) continue;
      if (await faults.past(this.#sweepRecord(key, now, current, faults))) gone++;
      if (gone === limit) return gone;
    }
    for (const name of documents) {
      const path = this.#places.room('documents', shard, name);
      if (!current.has(path) && (await isOld(path))) await faults.past(this.#sweepDocument(name));
    }
    await this.#owners.sweep(shard, now, this.#records, faults);
    return gone;
  }

  /** Whether it went. Where it lives on, its document is added to the current ones. */
  async #sweepRecord(key: string, now: number, current: Set<string>, faults: Faults): Promise<boolean> {
    const place = this.#places.of(key, 'sweep');
    const label = await this.#records.look(place, 'sweep').catch(noneIfForeign);
    if (label === undefined) await removeEmpty(place.record);
    else if (label.expiresAt > now) current.add(place.document + label.id);
    // Takes the label with that very expiry away, or none.
    else if (await this.#records.end(place, label, 'sweep')) {
      const { owner } = label;
      if (owner !== undefined) await faults.past(this.#owners.remove(owner.name, [entryName(key, owner)], 'sweep'));
      return true;
    }
    return false;
  }

  /**
   * Removes a document that no label speaks of. Its writer may only be stopped, and go on in an hour: so its way is
   * barred first, wherever it stands. Who makes a new record wants its fresh folder back; who updates one wants a
   * label that is still the one it read.
   */
  async #sweepDocument(name: string): Promise<void> {
    const document = readDocumentName(name);
    if (document === undefined) return;
    const place = this.#places.of(document.key, 'sweep');
    await this.#takeAway(place.fresh + document.id);
    let label: Label | undefined;
    try {
      label = await this.#records.look(place, 'sweep');
      // The system's own word that there is no label.
      if (label === undefined) await ifThere(rmdir(place.record));
    } catch {
      return;
    }
    if (label?.id === document.id) return;
    if (label !== undefined) {
      const barred = { ...label, count: label.count + 1 };
      if (!(await this.#records.relabel(place, label, barred, 'sweep'))) return;
    }
    await this.#records.discard(place, document);
  }

  async #sweepNew(faults: Faults): Promise<void> {
    for (const name of await entriesOf(this.#places.room('new'))) {
      const path = this.#places.room('new', name);
      if (name.startsWith(SWEPT)) await faults.past(rm(path, { recursive: true, force: true }));
      else if (await isOld(path)) await faults.past(this.#takeAway(path));
    }
  }

  /** All of it at once: a folder with a part of its contents must not become a record. */
  async #takeAway(path: string): Promise<void> {
    const away = this.#places.room('new', `${SWEPT}${crypto.randomUUID()}`);
    if (await ifThere(rename(path, away))) await rm(away, { recursive: true, force: true });
  }
}

async function isOld(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > LEFTOVER_MS;
  } catch {
    return false;
  }
}
