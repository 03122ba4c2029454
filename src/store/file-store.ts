import { readdir } from 'node:fs/promises';
import type {
  Capabilities,
  Created,
  Document,
  Owner,
  Scanned,
  Store,
  StoredRecord,
  Updated,
  Version,
} from './contract.ts';
import { damaged, Faults, fileError, fileFailure, noneIfForeign, overtaken } from './file-errors.ts';
import { checkThere } from './file-folder.ts';
import { type Label, versionOf } from './file-label.ts';
import { entriesOf, FileOwners } from './file-owners.ts';
import { checkOwner, entryName, isShard, keyOf, type Place, type Places } from './file-places.ts';
import { type Content, contentOf, FileRecords } from './file-record.ts';
import { FileSweeper } from './file-sweep.ts';

/** The largest document in bytes: what fits in one text of V8, with room. */
const MAX_BYTES = 500_000_000;

/** How often a verb begins anew while others change the record between its look and its word. */
const ROUNDS = 200;

/** A label whose document is not there, or not all of it. */
const DAMAGED = 'damaged';

type Found = StoredRecord | typeof DAMAGED | undefined;

/** The verbs: file.ts says how each of them is one step that cannot be half done. */
export class FileStore implements Store {
  readonly capabilities: Capabilities = {
    atomic: 'store',
    reads: 'strong',
    owners: true,
    scan: true,
    bytes: true,
    maxBytes: MAX_BYTES,
  };
  readonly #places: Places;
  readonly #records: FileRecords;
  readonly #owners: FileOwners;
  readonly #sweeper: FileSweeper;
  #closed = false;

  constructor(places: Places, fsync: boolean) {
    this.#places = places;
    this.#records = new FileRecords(places, fsync);
    this.#owners = new FileOwners(places);
    this.#sweeper = new FileSweeper(places, this.#records, this.#owners);
  }

  async read(key: string): Promise<StoredRecord | undefined> {
    const found = await this.#read(this.#place(key, 'read'), 'read');
    if (found === DAMAGED) throw damaged('read');
    return found;
  }

  async create(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<Created> {
    const place = this.#place(key, 'create');
    const content = contentOf(document);
    const label = labelFor(content, expiresAt, owner, 'create');
    if (await this.#records.make(place, label, content, 'create')) {
      await this.#index(label, key, 'create');
      return { result: 'ok', version: versionOf(label) };
    }
    // The writer of an earlier attempt may have been killed before it wrote the entry.
    const there = owner && (await this.#records.look(place, 'create'));
    if (there?.owner?.name === owner?.name) await this.#index(there, key, 'create');
    return { result: 'exists', current: wholeOf(await this.#read(place, 'create')) };
  }

  async update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    const place = this.#place(key, 'update');
    const content = contentOf(document);
    let label = await this.#records.look(place, 'update');
    if (label === undefined) return { result: 'gone' };
    if (versionOf(label) !== version) return this.#conflict(place);
    const next = { ...labelFor(content, expiresAt, undefined, 'update'), owner: label.owner };
    await this.#records.write(place, next, content, 'update');
    let rounds = 0;
    do {
      if (await this.#relabel(place, label, next, 'update')) return { result: 'ok', version: versionOf(next) };
      label = await this.#records.look(place, 'update');
      // A touch came in between, which is no other version.
    } while (label !== undefined && versionOf(label) === version && ++rounds < ROUNDS);
    await this.#records.discard(place, next);
    if (label === undefined) return { result: 'gone' };
    if (versionOf(label) === version) throw overtaken('update');
    return this.#conflict(place);
  }

  async touch(key: string, version: Version, expiresAt: number): Promise<boolean> {
    const place = this.#place(key, 'touch');
    checkTime(expiresAt, 'touch');
    for (let rounds = 0; rounds < ROUNDS; rounds++) {
      const label = await this.#records.look(place, 'touch');
      if (label === undefined || versionOf(label) !== version) return false;
      if (label.expiresAt >= expiresAt) return true;
      if (await this.#records.relabel(place, label, { ...label, expiresAt }, 'touch')) return true;
    }
    throw overtaken('touch');
  }

  async destroy(key: string, owner?: string): Promise<boolean> {
    const place = this.#place(key, 'destroy');
    // Those that are there before are of no record that comes after.
    const entries = owner === undefined ? [] : await this.#entries(owner, key, 'destroy');
    let label: Label | undefined;
    let rounds = 0;
    do {
      if (rounds++ === ROUNDS) throw overtaken('destroy');
      label = await this.#records.look(place, 'destroy');
    } while (label !== undefined && !(await this.#records.end(place, label, 'destroy')));
    await this.#unlist(label, key, 'destroy');
    try {
      if (owner !== undefined) await this.#owners.remove(owner, entries, 'destroy');
    } catch (error) {
      throw fileFailure(error, 'destroy', 'unknown', true);
    }
    return label !== undefined;
  }

  async put(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<void> {
    const place = this.#place(key, 'put');
    const content = contentOf(document);
    for (let rounds = 0; rounds < ROUNDS; rounds++) {
      // With a new id each time: the sweep may have barred the way of the one before.
      const next = labelFor(content, expiresAt, owner, 'put');
      const label = await this.#records.look(place, 'put');
      if (await this.#replace(place, label, next, content)) {
        await this.#index(next, key, 'put');
        return this.#unlist(label, key, 'put');
      }
    }
    throw overtaken('put');
  }

  async listOwned(owner: string): Promise<readonly string[]> {
    this.#checkOpen('listOwned');
    return this.#owners.list(owner, 'listOwned').catch(failing('listOwned', 'none'));
  }

  async forget(owner: string, key: string): Promise<void> {
    this.#place(key, 'forget');
    const entries = await this.#entries(owner, key, 'forget');
    return this.#owners.remove(owner, entries, 'forget').catch(failing('forget', 'unknown'));
  }

  async sweep(now: number, limit: number): Promise<number> {
    this.#checkOpen('sweep');
    return this.#sweeper.sweep(now, limit).catch(failing('sweep', 'unknown'));
  }

  /** Shard by shard, in the order of names. A cursor is the name of the last record seen. */
  async scan(cursor: string | undefined, limit: number): Promise<Scanned> {
    this.#checkOpen('scan');
    const [after = '', name = ''] = cursor?.split('/') ?? [];
    const entries: Scanned['entries'][number][] = [];
    const faults = new Faults();
    let resumed = false;
    try {
      for (const shard of (await readdir(this.#places.room('records'))).sort()) {
        if (shard < after || !isShard(shard)) continue;
        const records = await faults.past(entriesOf(this.#places.room('records', shard)));
        if (records === undefined) continue;
        resumed ||= shard === after;
        for (const record of records.sort()) {
          const key = keyOf(record);
          if (key === undefined || (shard === after && record <= name)) continue;
          const place = this.#places.of(key, 'scan');
          const label = await faults.past(this.#records.look(place, 'scan').catch(noneIfForeign));
          if (label === undefined) continue;
          entries.push({ key, expiresAt: label.expiresAt, owner: label.owner?.name });
          if (entries.length >= limit) return { entries, cursor: `${shard}/${record}` };
        }
      }
      // One that cannot be read is left out; but where nothing can be read, the end of the walk was not seen.
      if (entries.length === 0 && !resumed) faults.tell();
      await checkThere(this.#places, 'scan');
    } catch (error) {
      throw fileFailure(error, 'scan', 'none');
    }
    return { entries, cursor: undefined };
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #checkOpen(verb: string): void {
    if (this.#closed) throw fileError(verb, 'the store was closed');
  }

  #place(key: string, verb: string): Place {
    this.#checkOpen(verb);
    return this.#places.of(key, verb);
  }

  async #read(place: Place, verb: string): Promise<Found> {
    let missing: Label | undefined;
    for (;;) {
      const label = await this.#records.look(place, verb);
      if (label === undefined) return undefined;
      // A document goes after its label, so the one of a label that is still there is lost.
      if (label.id === missing?.id) return DAMAGED;
      const document = await this.#records.document(place, label, verb);
      if (document !== undefined) {
        return { document, version: versionOf(label), expiresAt: label.expiresAt, owner: ownerOf(label) };
      }
      missing = label;
    }
  }

  async #conflict(place: Place): Promise<Updated> {
    const current = await this.#read(place, 'update');
    return current === undefined ? { result: 'gone' } : { result: 'conflict', current: wholeOf(current) };
  }

  /** Writes over whatever is there, or nothing; false where that changed meanwhile. */
  async #replace(place: Place, label: Label | undefined, next: Label, content: Content): Promise<boolean> {
    if (label === undefined) return this.#records.make(place, next, content, 'put');
    await this.#records.write(place, next, content, 'put');
    if (await this.#relabel(place, label, next, 'put')) return true;
    await this.#records.discard(place, next);
    return false;
  }

  /** From one document to another: the one that lost goes, but not where nobody knows which that is. */
  async #relabel(place: Place, label: Label, next: Label, verb: string): Promise<boolean> {
    try {
      if (!(await this.#records.relabel(place, label, next, verb))) return false;
    } catch (error) {
      if (fileFailure(error, verb, 'unknown').outcome === 'none') await this.#records.discard(place, next);
      throw error;
    }
    await this.#records.discard(place, label);
    return true;
  }

  /** The entry of a record that has gone, or has another one. */
  async #unlist(label: Label | undefined, key: string, verb: string): Promise<void> {
    if (label?.owner === undefined) return;
    await this.#owners.remove(label.owner.name, [entryName(key, label.owner)], verb).catch((error: unknown) => {
      throw fileFailure(error, verb, 'unknown', true);
    });
  }

  #entries(owner: string, key: string, verb: string): Promise<string[]> {
    return this.#owners.entries(owner, key, verb).catch(failing(verb, 'none'));
  }

  /** Behind the record. */
  async #index(label: Label | undefined, key: string, verb: string): Promise<void> {
    if (label?.owner === undefined) return;
    await this.#owners.add(label.owner, key, verb).catch((error: unknown) => {
      throw fileFailure(error, verb, 'unknown', true);
    });
  }
}

/** Who asked for another thing than the document is not held up by one that is not whole. */
function wholeOf(found: Found): StoredRecord | undefined {
  return found === DAMAGED ? undefined : found;
}

function labelFor({ bytes, isText }: Content, expiresAt: number, owner: Owner | undefined, verb: string): Label {
  checkTime(expiresAt, verb);
  if (owner !== undefined) {
    checkTime(owner.until, verb);
    checkOwner(owner.name, verb);
  }
  const id = crypto.randomUUID();
  const listed = owner && { name: owner.name, until: owner.until, entry: id.slice(0, 8) };
  return { id, count: 0, expiresAt, isText, size: bytes.length, owner: listed };
}

function ownerOf({ owner }: Label): Owner | undefined {
  return owner && { name: owner.name, until: owner.until };
}

/** It becomes part of a name. */
function checkTime(time: number, verb: string): void {
  if (!Number.isFinite(time)) throw fileError(verb, 'a time is a number of milliseconds since 1970');
}

const failing =
  (verb: string, outcome: 'none' | 'unknown') =>
  (error: unknown): never => {
    throw fileFailure(error, verb, outcome);
  };
