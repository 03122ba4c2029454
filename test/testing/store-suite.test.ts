import { describe, expect, test } from 'vitest';
import type { Capabilities, Created, Document, Owner, Store } from '../../src/store/contract.ts';
import { reasonToSkip, runStoreCase, storeCases, testStore } from '../../src/testing/store-suite.ts';
import { anyVersion, broken, type Verbs } from './broken-stores.ts';

const readMany = (inner: Store) => (keys: readonly string[]) => Promise.all(keys.map((key) => inner.read(key)));

async function redCases(store: Store): Promise<string[]> {
  const red: string[] = [];
  for (const storeCase of storeCases()) {
    if (reasonToSkip(storeCase, store)) continue;
    await runStoreCase(storeCase, store).catch(() => red.push(storeCase.name));
  }
  return red;
}

/** What is broken besides the stores of broken-stores.ts. */
const MISTAKES: Readonly<Record<string, Verbs>> = {
  'update does not compare': (inner) => ({
    update: async (key, _, document, expiresAt) => inner.update(key, await anyVersion(inner, key), document, expiresAt),
  }),
  'update creates': (inner) => ({
    update: async (key, version, document, expiresAt) => {
      const answer = await inner.update(key, version, document, expiresAt);
      return answer.result === 'gone'
        ? ((await inner.create(key, document, expiresAt)) as { result: 'ok'; version: 1 })
        : answer;
    },
  }),
  'update drops the owner': (inner) => ({
    update: async (key, version, document, expiresAt) => {
      const answer = await inner.update(key, version, document, expiresAt);
      if (answer.result !== 'ok') return answer;
      await inner.put(key, document, expiresAt);
      return { result: 'ok', version: await anyVersion(inner, key) };
    },
  }),
  'create overwrites what is expired': (inner) => ({
    create: async (key, document, expiresAt, owner): Promise<Created> => {
      const current = await inner.read(key);
      if (current && current.expiresAt < Date.now()) await inner.destroy(key);
      return inner.create(key, document, expiresAt, owner);
    },
  }),
  'create overwrites what is closed': (inner) => ({
    create: async (key, document, expiresAt, owner): Promise<Created> => {
      const current = await inner.read(key);
      if (typeof current?.document === 'string' && current.document.startsWith('{"~closed"')) await inner.destroy(key);
      return inner.create(key, document, expiresAt, owner);
    },
  }),
  'touch does not compare': (inner) => ({
    touch: async (key, _, expiresAt) => inner.touch(key, await anyVersion(inner, key), expiresAt),
  }),
  'touch shortens': (inner) => ({
    touch: async (key, version, expiresAt) => {
      const current = await inner.read(key);
      if (current?.version !== version) return false;
      return (await inner.update(key, version, current.document, expiresAt)).result === 'ok';
    },
  }),
  'destroy always says true': (inner) => ({ destroy: async (...args) => (await inner.destroy(...args)) || true }),
  'destroy deletes nothing': (inner) => ({ destroy: async (key) => (await inner.read(key)) !== undefined }),
  'put keeps the old owner': (inner) => ({
    put: async (key, document, expiresAt, owner) =>
      inner.put(key, document, expiresAt, (await inner.read(key))?.owner ?? owner),
  }),
  'put does not overwrite': (inner) => ({
    put: async (...args) => void (await inner.create(...args)),
  }),
  'read hides what is expired': (inner) => ({
    read: async (key) => {
      const record = await inner.read(key);
      return record && record.expiresAt > Date.now() ? record : undefined;
    },
  }),
  'the expiry is kept in whole seconds': (inner) => ({
    create: (key, document, expiresAt, owner) =>
      inner.create(key, document, Math.floor(expiresAt / 1000) * 1000, owner),
  }),
  'texts are normalised': (inner) => ({
    create: (key, document, expiresAt, owner) =>
      inner.create(key, typeof document === 'string' ? document.normalize() : document, expiresAt, owner),
  }),
  'bytes become text': (inner) => ({
    create: (key, document, expiresAt, owner) =>
      inner.create(key, typeof document === 'string' ? document : new TextDecoder().decode(document), expiresAt, owner),
  }),
  'bytes given are kept without a copy': (inner) => {
    const kept = new Map<string, Document>();
    return {
      create: async (key, document, expiresAt, owner) => {
        const answer = await inner.create(key, document, expiresAt, owner);
        if (answer.result === 'ok') kept.set(key, document);
        return answer;
      },
      read: async (key) => {
        const record = await inner.read(key);
        const document = kept.get(key);
        return record && document instanceof Uint8Array && typeof record.document !== 'string'
          ? { ...record, document: new Uint8Array(document) }
          : record;
      },
    };
  },
  'the owner’s end is forgotten': (inner) => ({
    create: (key, document, expiresAt, owner?: Owner) =>
      inner.create(key, document, expiresAt, owner && { name: owner.name, until: expiresAt }),
  }),
  'an owner’s list misses name spaces': (inner) => ({
    listOwned: async (owner) => ((await inner.listOwned?.(owner)) ?? []).filter((key) => !key.includes(':')),
  }),
  'destroy leaves the owner’s list': (inner) => {
    const listed = new Map<string, Set<string>>();
    return {
      create: async (key, document, expiresAt, owner) => {
        if (owner) listed.set(owner.name, (listed.get(owner.name) ?? new Set()).add(key));
        return inner.create(key, document, expiresAt, owner);
      },
      listOwned: async (owner) => [...(listed.get(owner) ?? [])],
    };
  },
  'forget destroys': (inner) => ({ forget: async (owner, key) => void (await inner.destroy(key, owner)) }),
  'sweep knows no limit': (inner) => ({ sweep: (now) => inner.sweep?.(now, 1000) ?? Promise.resolve(0) }),
  'sweep does nothing': () => ({ sweep: async () => 0 }),
  'sweep looks first and deletes later': (inner) => ({
    sweep: async (now, limit) => {
      const page = await inner.scan?.(undefined, 100_000);
      const dead = (page?.entries ?? []).filter(({ expiresAt }) => expiresAt <= now).slice(0, limit);
      for (const { key } of dead) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        await inner.destroy(key);
      }
      return dead.length;
    },
  }),
  'scan counts places among those that are left': (inner) => ({
    scan: async (cursor, limit) => {
      const all = ((await inner.scan?.(undefined, 100_000))?.entries ?? []).toSorted((a, b) =>
        a.key < b.key ? -1 : 1,
      );
      const at = Number(cursor ?? 0);
      return { entries: all.slice(at, at + limit), cursor: at + limit < all.length ? String(at + limit) : undefined };
    },
  }),
  'scan has no end': (inner) => ({
    scan: async (cursor, limit) => ({ ...(await inner.scan?.(cursor, limit)), entries: [], cursor: '0' }),
  }),
  'scan tells no owner': (inner) => ({
    scan: async (cursor, limit) => {
      const page = await inner.scan?.(cursor, limit);
      return {
        entries: (page?.entries ?? []).map(({ key, expiresAt }) => ({ key, expiresAt })),
        cursor: page?.cursor,
      };
    },
  }),
  'readMany leaves out what is missing': (inner) => ({
    readMany: async (keys) => (await readMany(inner)(keys)).filter((record) => record !== undefined),
  }),
  'readMany sorts': (inner) => ({ readMany: (keys) => readMany(inner)(keys.toSorted()) }),
  'close fails': () => ({ close: () => Promise.reject(new Error('no')) }),
  'the capabilities promise a list of owners that is not there': (inner) => ({
    capabilities: inner.capabilities,
    listOwned: undefined as never,
  }),
};

describe('the published store suite', () => {
  test('is green for a store that keeps the contract, readMany and close included', async () => {
    const store = broken((inner) => ({ readMany: readMany(inner), close: async () => undefined }));
    expect(storeCases().filter((storeCase) => reasonToSkip(storeCase, store))).toEqual([]);
    expect(await redCases(store)).toEqual([]);
  });

  test.each(Object.entries(MISTAKES))('goes red when %s', async (_, verbs) => {
    expect(await redCases(broken(verbs))).not.toEqual([]);
  });

  test('skips what a store cannot do by its own word, and says why in the name', async () => {
    const capabilities: Capabilities = {
      atomic: 'no',
      reads: 'eventual',
      owners: false,
      scan: false,
      bytes: false,
      maxBytes: 1000,
    };
    const store = broken(() => ({ capabilities, sweep: undefined as never, readMany: undefined as never }));
    const [ran, skipped]: [string[], string[]] = [[], []];
    let closed = 0;
    await testStore('poor', () => Object.assign(store, { close: async () => void closed++ }), {
      test: (name) => ran.push(name),
      skip: (name) => skipped.push(name),
    });
    expect(ran.length + skipped.length).toBe(storeCases().length);
    expect(ran).toContain('poor: reads undefined where there is no record');
    for (const reason of ["atomic: 'no'", 'owners: false', 'scan: false', 'bytes: false', 'no sweep', 'no readMany']) {
      expect(skipped.some((name) => name.startsWith('poor: ') && name.includes(reason))).toBe(true);
    }
    expect(skipped.every((name) => name.includes('(skipped: '))).toBe(true);
    expect(closed).toBe(1);
  });

  test('has a name of its own for each case', () => {
    const names = storeCases().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
