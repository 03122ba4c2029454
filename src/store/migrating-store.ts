import { CoatcheckError } from '../errors.ts';
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
import { erasedDocument, isClosed, isErased } from './migrating-erased.ts';
import { placeOf, shownNew, shownOld, versionInNew } from './migrating-version.ts';

/** How often a verb looks again before it says that it never found a quiet moment. */
const ROUNDS = 100;

/** The verbs; `migrating.ts` says why they are right. F is the record in the old store, T the one in the new. */
export class MigratingStore implements Store {
  readonly capabilities: Capabilities;
  readonly readMany?: Required<Store>['readMany'];
  readonly serverOf?: Required<Store>['serverOf'];
  readonly listOwned?: Required<Store>['listOwned'];
  readonly forget?: Required<Store>['forget'];
  readonly sweep?: Required<Store>['sweep'];
  readonly scan?: Required<Store>['scan'];
  readonly close?: Required<Store>['close'];
  readonly #from: Store;
  readonly #to: Store;
  /** The longest time from a session's beginning to its end, in milliseconds. */
  readonly #absolute: number;

  constructor(from: Store, to: Store, absolute: number) {
    this.#from = from;
    this.#to = to;
    this.#absolute = absolute;
    this.capabilities = both(from.capabilities, to.capabilities);
    if (from.readMany ?? to.readMany) this.readMany = (keys) => this.#readMany(keys);
    if (from.serverOf ?? to.serverOf) this.serverOf = (key) => `${to.serverOf?.(key)} ${from.serverOf?.(key)}`;
    if (this.capabilities.owners) {
      this.listOwned = (owner) => this.#listOwned(owner);
      this.forget = (owner, key) => this.#forget(owner, key);
    }
    if (from.sweep ?? to.sweep) this.sweep = (now, limit) => this.#sweep(now, limit);
    if (this.capabilities.scan) this.scan = (cursor, limit) => this.#scan(cursor, limit);
    if (from.close ?? to.close) this.close = () => this.#close();
  }

  async read(key: string): Promise<StoredRecord | undefined> {
    const fresh = await this.#to.read(key);
    if (fresh !== undefined) return shown(fresh);
    const old = await this.#from.read(key);
    if (old !== undefined) return shownOld(old);
    // It may have moved over between the two looks.
    const late = await this.#to.read(key);
    return late && shown(late);
  }

  async #readMany(keys: readonly string[]): Promise<readonly (StoredRecord | Error | undefined)[]> {
    const found = new Array<StoredRecord | Error | undefined>(keys.length).fill(undefined);
    let missing = [...keys.keys()];
    const look = async (
      read: (keys: readonly string[]) => Promise<readonly (StoredRecord | Error | undefined)[]>,
      show: (record: StoredRecord) => StoredRecord | undefined,
    ): Promise<void> => {
      if (missing.length === 0) return;
      const asked = missing;
      const records = await read(asked.map((at) => keys[at] as string));
      for (const [n, at] of asked.entries()) {
        const record = records[n];
        found[at] = record === undefined || record instanceof Error ? record : show(record);
      }
      missing = asked.filter((_, n) => records[n] === undefined);
    };
    await look((some) => readAll(this.#to, some), shown);
    // Who was found in the new store must not suffer from the old one.
    await look((some) => readAll(this.#from, some).catch((error) => some.map(() => asError(error))), shownOld);
    await look((some) => readAll(this.#to, some), shown);
    return found;
  }

  async create(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<Created> {
    for (let round = 0; round < ROUNDS; round++) {
      const old = await this.#from.read(key);
      let fresh: StoredRecord | undefined;
      if (old === undefined) {
        const created = await this.#to.create(key, document, expiresAt, owner);
        if (created.result === 'ok') return landed(created.version, expiresAt);
        fresh = created.current ?? (await this.#to.read(key));
        if (fresh === undefined) continue;
      } else {
        fresh = await this.#to.read(key);
        if (fresh === undefined) return { result: 'exists', current: shownOld(old) };
      }
      if (!isErased(fresh.document)) return { result: 'exists', current: shownNew(fresh) };
      if (old !== undefined) await this.#from.destroy(key, old.owner?.name);
      if (owner === undefined && fresh.owner === undefined) {
        const written = await this.#to.update(key, fresh.version, document, expiresAt);
        if (written.result === 'ok') return landed(written.version, expiresAt);
      } else {
        // No verb gives a record another owner and compares.
        await this.#to.destroy(key, fresh.owner?.name);
      }
    }
    throw restless('create');
  }

  async update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    const place = placeOf(version);
    if (place?.in === 'from') return this.#bringOver(key, place.version, document, expiresAt);
    if (place === undefined) return this.#overtaken(key);
    const until = await this.#untilInNew(key, place.expiresAt, document, expiresAt);
    const updated = await this.#to.update(key, place.version, document, until);
    if (updated.result === 'ok') return landed(updated.version, until);
    return updated.result === 'gone' || updated.current === undefined ? updated : conflict(updated.current);
  }

  /** The first write to a record that is still in the old store. */
  async #bringOver(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    const old = await this.#from.read(key);
    if (old === undefined || old.version !== version) return this.#overtaken(key);
    const closing = isClosed(document);
    const until = closing ? this.#endOf(old, expiresAt) : Math.max(expiresAt, old.expiresAt);
    const created = await this.#to.create(key, document, until, closing ? undefined : old.owner);
    // There is a T now, whoever made it, and so F is nothing any more.
    const cleared = await this.#clear(key, old.owner?.name);
    if (created.result === 'exists') {
      const fresh = created.current ?? (await this.#to.read(key));
      return fresh === undefined ? { result: 'conflict' } : conflict(fresh);
    }
    if (closing || until === expiresAt || cleared === 'unknown') return landed(created.version, until);
    const shortened = await this.#to.update(key, created.version, document, expiresAt).catch(() => undefined);
    // Otherwise it lives a little longer than asked for, or has moved on already.
    return shortened?.result === 'ok' ? landed(shortened.version, expiresAt) : landed(created.version, until);
  }

  async #overtaken(key: string): Promise<Updated> {
    const current = await this.read(key);
    return current === undefined ? { result: 'gone' } : { result: 'conflict', current };
  }

  /** Until when T may live, so that it never ends before an F below it. */
  async #untilInNew(key: string, before: number, document: Document, expiresAt: number): Promise<number> {
    const closing = isClosed(document);
    if (!closing && expiresAt >= before) return expiresAt;
    const cleared = await this.#clear(key);
    if (closing) return cleared === 'nothing' ? expiresAt : this.#endOf(undefined, expiresAt);
    return cleared === 'unknown' ? before : expiresAt;
  }

  async touch(key: string, version: Version, expiresAt: number): Promise<boolean> {
    const place = placeOf(version);
    if (place === undefined) return false;
    if (place.in === 'to') return this.#to.touch(key, place.version, expiresAt);
    if (!(await this.#from.touch(key, place.version, expiresAt))) return false;
    if ((await this.#to.read(key)) === undefined) return true;
    // What was touched is nothing any more, and must not outlive its T.
    await this.#clear(key);
    return false;
  }

  async destroy(key: string, owner?: string): Promise<boolean> {
    for (let round = 0; round < ROUNDS; round++) {
      // In this order: where F is gone, what took its place is in T.
      const old = await this.#from.read(key);
      const fresh = await this.#to.read(key);
      const was = await this.#erase(key, old, fresh);
      if (was === 'overtaken') continue;
      for (const name of new Set([owner, old?.owner?.name, fresh?.owner?.name])) {
        if (name === undefined) continue;
        await this.#from.forget?.(name, key).catch(() => undefined);
        await this.#to.forget?.(name, key);
      }
      if (old !== undefined) await this.#clear(key);
      return was;
    }
    throw restless('destroy');
  }

  /** Puts an erased document in place of what is there. */
  async #erase(
    key: string,
    old: StoredRecord | undefined,
    fresh: StoredRecord | undefined,
  ): Promise<boolean | 'overtaken'> {
    if (fresh === undefined && old === undefined) return false;
    if (fresh !== undefined && isErased(fresh.document)) return false;
    const document = erasedDocument();
    const expiresAt = fresh?.expiresAt ?? old?.expiresAt ?? 0;
    const until = old === undefined ? expiresAt : this.#endOf(old, expiresAt);
    const written =
      fresh === undefined
        ? await this.#to.create(key, document, until)
        : await this.#to.update(key, fresh.version, document, until);
    if (written.result === 'ok') return true;
    // A driver may have sent it twice and told the second answer.
    return written.result !== 'gone' && written.current?.document === document ? true : 'overtaken';
  }

  async put(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<void> {
    if (isClosed(document)) return this.#putClosed(key, document, expiresAt, owner);
    const old = await this.#from.read(key);
    if (old !== undefined && (await this.#to.read(key)) === undefined) {
      const created = await this.#to.create(key, document, Math.max(expiresAt, old.expiresAt), owner);
      if (created.result === 'ok') {
        await this.#from.destroy(key, old.owner?.name);
        // A conflict is a later write.
        if (expiresAt < old.expiresAt) await this.#to.update(key, created.version, document, expiresAt);
        return;
      }
    }
    if (old !== undefined) await this.#from.destroy(key, old.owner?.name);
    await this.#to.put(key, document, expiresAt, owner);
  }

  async #putClosed(key: string, document: Document, expiresAt: number, owner: Owner | undefined): Promise<void> {
    const old = await this.#from.read(key).catch(() => 'unknown' as const);
    if (old === undefined) {
      const fresh = await this.#to.read(key);
      const closedUntil = fresh !== undefined && isClosed(fresh.document) ? fresh.expiresAt : expiresAt;
      return this.#to.put(key, document, Math.max(expiresAt, closedUntil), owner);
    }
    const known = old === 'unknown' ? undefined : old;
    await this.#to.put(key, document, this.#endOf(known, expiresAt), owner);
    await this.#clear(key, known?.owner?.name);
  }

  /**
   * The latest end that F could ever have had. A session begins before it is ended, so nothing of it is left one
   * absolute lifetime after that.
   */
  #endOf(old: StoredRecord | undefined, expiresAt: number): number {
    const least = Math.max(expiresAt, old?.expiresAt ?? expiresAt);
    const latest = least + this.#absolute;
    return old?.owner === undefined ? latest : Math.max(least, Math.min(latest, old.owner.until));
  }

  /** Deletes an F that lies below a T. That costs nobody anything if it fails: T hides it. */
  #clear(key: string, owner?: string): Promise<'cleared' | 'nothing' | 'unknown'> {
    return this.#from.destroy(key, owner).then(
      (was) => (was ? 'cleared' : 'nothing'),
      () => 'unknown',
    );
  }

  async #listOwned(owner: string): Promise<readonly string[]> {
    // In this order: what has left the old list is on the new one.
    const old = (await this.#from.listOwned?.(owner)) ?? [];
    return [...new Set([...old, ...((await this.#to.listOwned?.(owner)) ?? [])])];
  }

  async #forget(owner: string, key: string): Promise<void> {
    await this.#to.forget?.(owner, key);
    await this.#from.forget?.(owner, key);
  }

  async #sweep(now: number, limit: number): Promise<number> {
    const old = (await this.#from.sweep?.(now, limit)) ?? 0;
    return old < limit ? old + ((await this.#to.sweep?.(now, limit - old)) ?? 0) : old;
  }

  /** The old store first: what has left it before it is walked over is in the new one. */
  async #scan(cursor: string | undefined, limit: number): Promise<Scanned> {
    const [, where = 'from', rest] = /^(from|to)(?::([\s\S]*))?$/.exec(cursor ?? 'from') ?? [];
    const page = await (where === 'from' ? this.#from : this.#to).scan?.(rest, limit);
    const entries = page?.entries ?? [];
    if (page?.cursor !== undefined) return { entries, cursor: `${where}:${page.cursor}` };
    return { entries, cursor: where === 'from' ? 'to' : undefined };
  }

  async #close(): Promise<void> {
    const ends = await Promise.allSettled([this.#from.close?.(), this.#to.close?.()]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}

/** What the new store has, as it is shown. */
function shown(record: StoredRecord): StoredRecord | undefined {
  return isErased(record.document) ? undefined : shownNew(record);
}

function conflict(current: StoredRecord): Updated {
  const face = shown(current);
  return face === undefined ? { result: 'gone' } : { result: 'conflict', current: face };
}

function landed(version: Version, expiresAt: number): { readonly result: 'ok'; readonly version: Version } {
  return { result: 'ok', version: versionInNew(version, expiresAt) };
}

/** What both promise. Documents go to the new store alone. */
function both(from: Capabilities, to: Capabilities): Capabilities {
  const order = ['no', 'process', 'store'] as const;
  return {
    atomic: order[Math.min(order.indexOf(from.atomic), order.indexOf(to.atomic))] ?? 'no',
    reads: from.reads === 'strong' && to.reads === 'strong' ? 'strong' : 'eventual',
    owners: from.owners && to.owners,
    scan: from.scan && to.scan,
    bytes: to.bytes,
    maxBytes: to.maxBytes,
  };
}

function readAll(store: Store, keys: readonly string[]): Promise<readonly (StoredRecord | Error | undefined)[]> {
  if (store.readMany !== undefined) return store.readMany(keys);
  return Promise.all(keys.map((key) => store.read(key).catch(asError)));
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('The store failed at read, and did not say why.');
}

function restless(verb: string): CoatcheckError {
  return new CoatcheckError(
    'STORE_FAILED',
    `Migrating store, ${verb}: others kept writing to the same record. It may be tried again.`,
    { outcome: 'none', retryable: true },
  );
}
