import type { Created, Store, StoredRecord, Updated, Version } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';

/** Some verbs made anew over a store that is in order. */
export type Verbs = (inner: Store) => Partial<Store>;

/** A store that breaks one promise: the memory store but for the verbs that are given. */
export function broken(verbs: Verbs): Store {
  const inner = memoryStore();
  const changed = verbs(inner);
  return new Proxy(inner, {
    get(target, name) {
      const value = Reflect.get(name in changed ? changed : target, name);
      return typeof value === 'function' && !(name in changed) ? value.bind(target) : value;
    },
  });
}

/** The way to a server and back, in which others get their turn. */
const travel = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** The version that stands there now: for verbs that do not ask which one they may write over. */
export const anyVersion = async (inner: Store, key: string): Promise<Version> => (await inner.read(key))?.version ?? 0;

/** The mistakes that stores are usually built with, each as somebody would write it. */
export const BROKEN_STORES: Readonly<Record<string, Verbs>> = {
  'an update that gets first and sets later': (inner) => ({
    async update(key, version, document, expiresAt): Promise<Updated> {
      const current = await inner.read(key);
      if (current === undefined) return { result: 'gone' };
      if (current.version !== version) return { result: 'conflict', current };
      await travel();
      await inner.put(key, document, expiresAt, current.owner);
      return { result: 'ok', version: await anyVersion(inner, key) };
    },
  }),

  'a touch that revives': (inner) => {
    const last = new Map<string, StoredRecord>();
    return {
      async read(key) {
        const record = await inner.read(key);
        if (record) last.set(key, record);
        return record;
      },
      // Writes the whole record back, with what it remembers of it.
      async touch(key, version, expiresAt) {
        if (await inner.touch(key, version, expiresAt)) return true;
        if (await inner.read(key)) return false;
        await inner.put(key, last.get(key)?.document ?? '{}', expiresAt, last.get(key)?.owner);
        return true;
      },
    };
  },

  'a create that overwrites': (inner) => ({
    async create(key, document, expiresAt, owner): Promise<Created> {
      await inner.put(key, document, expiresAt, owner);
      return { result: 'ok', version: await anyVersion(inner, key) };
    },
  }),

  'a destroy that throws where nothing is': (inner) => ({
    async destroy(key, owner) {
      if (await inner.destroy(key, owner)) return true;
      throw new Error('There is no such record.');
    },
  }),

  'a sweep that ignores the expiry': (inner) => ({
    sweep: async (_, limit) => (await inner.sweep?.(Number.MAX_SAFE_INTEGER, limit)) ?? 0,
  }),

  'records that are handed out by reference': (inner) => {
    const kept = new Map<string, readonly [Version, StoredRecord]>();
    return {
      async read(key) {
        const [record, known] = [await inner.read(key), kept.get(key)];
        if (known && known[0] === record?.version) return known[1];
        if (record) kept.set(key, [record.version, record]);
        return record;
      },
      async touch(key, version, expiresAt) {
        kept.delete(key);
        return inner.touch(key, version, expiresAt);
      },
    };
  },

  'an index that is written before the record': (inner) => {
    const index = new Map<string, Set<string>>();
    const listed = (owner: string): Set<string> => index.get(owner) ?? new Set();
    return {
      async create(key, document, expiresAt, owner) {
        const taken = await inner.read(key);
        if (taken) return { result: 'exists', current: taken };
        if (owner) index.set(owner.name, listed(owner.name).add(key));
        await travel();
        return inner.create(key, document, expiresAt, owner);
      },
      async put(key, document, expiresAt, owner) {
        if (owner) index.set(owner.name, listed(owner.name).add(key));
        await inner.put(key, document, expiresAt, owner);
      },
      async destroy(key, owner) {
        if (owner !== undefined) listed(owner).delete(key);
        await travel();
        return inner.destroy(key, owner);
      },
      listOwned: async (owner) => [...listed(owner)],
      forget: async (owner, key) => void listed(owner).delete(key),
    };
  },

  'versions that count from 1 for each new record': (inner) => {
    const counts = new Map<string, { readonly count: number; readonly real: Version }>();
    const shown = <R extends StoredRecord | undefined>(key: string, record: R): R =>
      record && { ...record, version: counts.get(key)?.count ?? 1 };
    const real = (key: string, version: Version): Version => {
      const known = counts.get(key);
      return known?.count === version ? known.real : -1;
    };
    return {
      read: async (key) => shown(key, await inner.read(key)),
      async create(key, document, expiresAt, owner) {
        const answer = await inner.create(key, document, expiresAt, owner);
        if (answer.result === 'exists') return { result: 'exists', current: shown(key, answer.current) };
        counts.set(key, { count: 1, real: answer.version });
        return { result: 'ok', version: 1 };
      },
      async update(key, version, document, expiresAt) {
        const answer = await inner.update(key, real(key, version), document, expiresAt);
        if (answer.result === 'conflict') return { result: 'conflict', current: shown(key, answer.current) };
        if (answer.result === 'gone') return answer;
        counts.set(key, { count: Number(version) + 1, real: answer.version });
        return { result: 'ok', version: Number(version) + 1 };
      },
      touch: (key, version, expiresAt) => inner.touch(key, real(key, version), expiresAt),
      async put(key, document, expiresAt, owner) {
        await inner.put(key, document, expiresAt, owner);
        counts.set(key, { count: (counts.get(key)?.count ?? 0) + 1, real: await anyVersion(inner, key) });
      },
    };
  },
};
