import { describe, expect, test } from 'vitest';
import { closedDocument, closedNonce } from '../../src/codec/closed.ts';
import { type CoatcheckError, createSessions, type Session, type SessionEvent } from '../../src/index.ts';
import { hashName } from '../../src/keys/ids.ts';
import type { Store, StoredRecord } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { type MigratingStoreOptions, migrating } from '../../src/store/migrating.ts';
import { type FaultyStore, faultyStore } from '../../src/testing/faulty-store.ts';
import { request } from '../support/visit.ts';
import { withVerbs } from './decorators.ts';

const KEY = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SOON = Date.now() + 60_000;
const LATER = Date.now() + HOUR;
const CLOSED = closedDocument('end');

interface Data {
  user?: string;
  n?: number;
}

interface Two {
  readonly from: FaultyStore;
  readonly to: FaultyStore;
  readonly store: Store;
  /** What was called since the last look, in its order. */
  calls(): string[];
}

function two(options: Partial<MigratingStoreOptions> = {}): Two {
  const order: string[] = [];
  const noted = (name: string): FaultyStore =>
    faultyStore(memoryStore(), ({ verb }) => {
      order.push(`${name}.${verb}`);
      return undefined;
    });
  const [from, to] = [noted('from'), noted('to')];
  return { from, to, store: migrating({ from, to, ...options }), calls: () => order.splice(0) };
}

async function present(store: Store, key: string = KEY): Promise<StoredRecord> {
  return (await store.read(key)) as StoredRecord;
}

describe('a record of the old store', () => {
  test('is read from there and stays there; the first write brings it over, with its owner', async () => {
    const { from, to, store, calls } = two();
    const ann = { name: hashName('ann'), until: LATER + DAY };
    await from.create(KEY, 'first', LATER, ann);
    calls();
    const record = await present(store);
    expect(record).toMatchObject({ document: 'first', expiresAt: LATER, owner: ann });
    expect(calls()).toEqual(['to.read', 'from.read']);
    expect((await store.update(KEY, record.version, 'second', LATER + 5)).result).toBe('ok');
    expect(calls()).toEqual(['from.read', 'to.create', 'from.destroy']);
    expect(await to.read(KEY)).toMatchObject({ document: 'second', expiresAt: LATER + 5, owner: ann });
    expect(await from.read(KEY)).toBeUndefined();
    expect([await from.listOwned?.(ann.name), await to.listOwned?.(ann.name)]).toEqual([[], [KEY]]);
    calls();
    await present(store);
    expect(calls()).toEqual(['to.read']);
  });

  test('is written by one of two that read it, and the other has a conflict with what that one wrote', async () => {
    const { from, store } = two();
    await from.create(KEY, 'first', LATER);
    const { version } = await present(store);
    const answers = await Promise.all(['one', 'two'].map((text) => store.update(KEY, version, text, LATER)));
    expect(answers.map(({ result }) => result)).toEqual(['ok', 'conflict']);
    expect(answers[1]).toMatchObject({ current: { document: 'one', version: (await present(store)).version } });
  });

  test('is touched where it is', async () => {
    const { from, to, store, calls } = two();
    await from.create(KEY, 'first', LATER);
    const { version } = await present(store);
    calls();
    expect(await store.touch(KEY, version, LATER + 9)).toBe(true);
    expect(calls()).toEqual(['from.touch', 'to.read']);
    expect((await present(from)).expiresAt).toBe(LATER + 9);
    await to.create(KEY, 'second', LATER);
    expect(await store.touch(KEY, version, LATER + 99)).toBe(false);
    expect(await from.read(KEY)).toBeUndefined();
  });

  test('lives on in the new store as long as it would have, until the old one has let it go', async () => {
    const { from, to, store } = two();
    await from.create(KEY, 'first', LATER);
    const { version } = await present(store);
    from.next('destroy', 'lose-request');
    expect((await store.update(KEY, version, 'emptied', SOON)).result).toBe('ok');
    expect((await present(to)).expiresAt).toBe(LATER);
    const record = await present(store);
    expect((await store.update(KEY, record.version, 'emptied', SOON)).result).toBe('ok');
    expect([await from.read(KEY), (await present(to)).expiresAt]).toEqual([undefined, SOON]);
  });
});

describe('ending a session of the old store', () => {
  test('first puts a closed document into the new store, then deletes in the old one', async () => {
    const { from, to, store, calls } = two();
    await from.create(KEY, 'first', LATER);
    calls();
    await store.put(KEY, CLOSED, SOON);
    expect(calls()).toEqual(['from.read', 'to.put', 'from.destroy']);
    expect([(await present(to)).document, await from.read(KEY)]).toEqual([CLOSED, undefined]);
  });

  test('is remembered for the absolute lifetime, or until the end that the record’s owner knows of', async () => {
    const untilOf = async (options: object, owner?: { name: string; until: number }): Promise<number> => {
      const { from, to, store } = two(options);
      await from.create(KEY, 'first', LATER, owner);
      await store.put(KEY, CLOSED, SOON);
      return (await present(to)).expiresAt;
    };
    expect(await untilOf({})).toBe(LATER + 180 * DAY);
    expect(await untilOf({ absolute: '24h' })).toBe(LATER + DAY);
    expect(await untilOf({}, { name: 'ann', until: LATER + 2 * HOUR })).toBe(LATER + 2 * HOUR);
    expect(await untilOf({ absolute: '24h' }, { name: 'ann', until: LATER + 1000 * DAY })).toBe(LATER + DAY);
  });

  test('by rotation is remembered for as long, from either store', async () => {
    for (const moved of [false, true]) {
      const { from, to, store } = two({ absolute: '24h' });
      await from.create(KEY, 'first', LATER);
      if (moved) await to.create(KEY, 'moved', LATER);
      const { version } = await present(store);
      expect((await store.update(KEY, version, CLOSED, SOON)).result).toBe('ok');
      expect((await present(to)).expiresAt).toBeGreaterThanOrEqual(SOON + DAY);
      expect(await from.read(KEY)).toBeUndefined();
    }
  });

  test('is not forgotten sooner because it is ended again', async () => {
    const { from, to, store } = two();
    await from.create(KEY, 'first', LATER);
    await store.put(KEY, CLOSED, SOON);
    await store.put(KEY, CLOSED, SOON);
    expect((await present(to)).expiresAt).toBe(LATER + 180 * DAY);
  });

  test('works while the old store is dead, and the old record stays hidden', async () => {
    const { from, store } = two();
    await from.create(KEY, 'first', LATER);
    from.always('*', 'fail');
    await store.put(KEY, CLOSED, SOON);
    from.always('*', undefined);
    expect(closedNonce((await present(store)).document)).toBe('end');
  });

  test('is told to a slow request that read it before, also after everything was swept', async () => {
    const { from, store } = two();
    await from.create(KEY, 'first', LATER);
    const { version } = await present(store);
    await store.put(KEY, CLOSED, SOON);
    await store.sweep?.(SOON + 1, 100);
    expect(await store.update(KEY, version, 'again', LATER)).toMatchObject({
      result: 'conflict',
      current: { document: CLOSED },
    });
  });

  test('that began in the new store costs the new store no more than the minute it always does', async () => {
    const { to, store } = two();
    await store.create(KEY, 'first', LATER);
    await store.put(KEY, CLOSED, SOON);
    expect((await present(to)).expiresAt).toBe(SOON);
  });
});

describe('what was destroyed', () => {
  test('reads as nothing here, as closed on the new store alone, and can be created again', async () => {
    const { from, to, store } = two();
    await from.create(KEY, 'first', LATER);
    const { version } = await present(store);
    expect(await store.destroy(KEY)).toBe(true);
    expect([await store.read(KEY), await store.destroy(KEY)]).toEqual([undefined, false]);
    expect(await store.update(KEY, version, 'again', LATER)).toEqual({ result: 'gone' });
    expect(closedNonce((await present(to)).document)).toBeTypeOf('string');
    expect((await store.create(KEY, 'anew', LATER)).result).toBe('ok');
    expect((await present(to)).document).toBe('anew');
  });

  test('can be created again for another owner, and is on no list of the first', async () => {
    const { from, store } = two();
    await from.create(KEY, 'first', LATER, { name: 'ann', until: LATER });
    expect(await store.destroy(KEY, 'ann')).toBe(true);
    expect((await store.create(KEY, 'anew', LATER, { name: 'bob', until: LATER })).result).toBe('ok');
    expect([await store.listOwned?.('ann'), await store.listOwned?.('bob')]).toEqual([[], [KEY]]);
    expect((await present(store)).owner?.name).toBe('bob');
  });
});

describe('both stores', () => {
  test('a new record goes to the new one; a key that the old one has is taken', async () => {
    const { from, to, store } = two();
    await from.create(OTHER, 'old', LATER);
    expect((await store.create(KEY, 'new', LATER)).result).toBe('ok');
    expect(await from.read(KEY)).toBeUndefined();
    expect(await store.create(OTHER, 'new', LATER)).toMatchObject({ result: 'exists', current: { document: 'old' } });
    expect(await to.read(OTHER)).toBeUndefined();
  });

  test('lists are the union, and name a record once that is on both', async () => {
    const { from, to, store } = two();
    const ann = { name: 'ann', until: LATER };
    await from.create(KEY, 'old', LATER, ann);
    await from.create(OTHER, 'old', LATER, ann);
    await to.create(KEY, 'moved', LATER, ann);
    expect([...((await store.listOwned?.('ann')) ?? [])].sort()).toEqual([KEY, OTHER]);
    await store.forget?.('ann', KEY);
    expect(await store.listOwned?.('ann')).toEqual([OTHER]);
  });

  test('a list names a record that moves while the two are asked', async () => {
    const { from, to, store } = two();
    await from.create(KEY, 'old', LATER, { name: 'ann', until: LATER });
    const { version } = await present(store);
    let moved = false;
    const listing = (inner: Store): Store =>
      withVerbs(inner, {
        listOwned: async (owner) => {
          const keys = (await inner.listOwned?.(owner)) ?? [];
          if (!moved) await store.update(KEY, version, 'moved', LATER);
          moved = true;
          return keys;
        },
      });
    const moving = migrating({ from: listing(from), to: listing(to) });
    expect(await moving.listOwned?.('ann')).toEqual([KEY]);
  });

  test('a walk finds what moves while it goes on', async () => {
    const { from, store } = two();
    const keys = Array.from({ length: 20 }, (_, n) => n.toString(16).padStart(64, '0'));
    for (const key of keys) await from.create(key, 'old', LATER);
    const found = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await store.scan?.(cursor, 3);
      for (const { key } of page?.entries ?? []) found.add(key);
      for (const key of keys) {
        const record = await present(store, key);
        if (record.document === 'old' && !found.has(key)) await store.update(key, record.version, 'moved', LATER);
      }
      cursor = page?.cursor;
    } while (cursor !== undefined);
    expect([...found].sort()).toEqual(keys);
  });

  test('a record that moves between the two looks of a read is found', async () => {
    const { from, to, store } = two();
    await from.create(KEY, 'old', LATER);
    const { version } = await present(store);
    const moving = migrating({
      from: withVerbs(from, {
        read: async (key) => {
          await store.update(KEY, version, 'moved', LATER);
          return from.read(key);
        },
      }),
      to,
    });
    expect((await present(moving)).document).toBe('moved');
  });

  test('many are read at once: each from where it is, and the old store’s failure harms only those that need it', async () => {
    const { from, to } = two();
    const many = (inner: Store): Store =>
      withVerbs(inner, { readMany: (keys) => Promise.all(keys.map((key) => inner.read(key))) });
    const store = migrating({ from: many(from), to: many(to) });
    await from.create(KEY, 'old', LATER);
    await to.create(OTHER, 'new', LATER);
    const keys = [KEY, OTHER, 'c'.repeat(64), OTHER];
    const documents = async () =>
      (await store.readMany?.(keys))?.map((record) =>
        record instanceof Error ? (record as CoatcheckError).code : record?.document,
      );
    expect(await documents()).toEqual(['old', 'new', undefined, 'new']);
    from.always('read', 'fail');
    expect(await documents()).toEqual(['STORE_FAILED', 'new', 'STORE_FAILED', 'new']);
    const half = migrating({ from, to: many(to) });
    from.always('read', undefined);
    expect((await half.readMany?.(keys))?.map((record) => (record as StoredRecord)?.document)).toEqual([
      'old',
      'new',
      undefined,
      'new',
    ]);
    expect(await half.readMany?.([])).toEqual([]);
    await to.create(KEY, 'x', LATER);
    await store.destroy(KEY);
    expect(await store.readMany?.([KEY])).toEqual([undefined]);
  });

  test('a dead old store is an error for those whose record may be there, and for nobody else', async () => {
    const { from, to, store } = two();
    await to.create(KEY, 'moved', LATER);
    from.always('*', 'fail');
    const record = await present(store);
    expect((await store.update(KEY, record.version, 'again', LATER)).result).toBe('ok');
    await expect(store.read(OTHER)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  test('both are swept, closed and asked whose server a key is on', async () => {
    const closed: string[] = [];
    const { from, to } = two();
    const ending = (name: string, inner: Store, failing = false): Store =>
      withVerbs(inner, {
        serverOf: () => name,
        close: async () => {
          closed.push(name);
          if (failing) throw new Error(name);
        },
      });
    const store = migrating({ from: ending('from', from, true), to: ending('to', to) });
    await from.create(KEY, 'old', 1000);
    await to.create(OTHER, 'new', 1000);
    expect([await store.sweep?.(2000, 1), await store.sweep?.(2000, 5)]).toEqual([1, 1]);
    expect(store.serverOf?.(KEY)).toBe('to from');
    await expect(store.close?.()).rejects.toThrow('from');
    expect(closed).toEqual(['from', 'to']);
  });

  test('what is promised is what both promise', () => {
    const inner = memoryStore();
    const like = (capabilities: Partial<Store['capabilities']>): Store =>
      withVerbs(inner, { capabilities: { ...inner.capabilities, ...capabilities } });
    const weak = like({ atomic: 'process', reads: 'eventual', owners: false, scan: false, bytes: false, maxBytes: 7 });
    const weaker = { atomic: 'process', reads: 'eventual', owners: false, scan: false };
    const { bytes, maxBytes } = inner.capabilities;
    expect(migrating({ from: weak, to: inner }).capabilities).toEqual({ ...weaker, bytes, maxBytes });
    const store = migrating({ from: inner, to: weak });
    expect(store.capabilities).toEqual({ ...weaker, bytes: false, maxBytes: 7 });
    expect([store.listOwned, store.forget, store.scan, store.readMany, store.close]).toEqual(Array(5).fill(undefined));
    expect(migrating({ from: inner, to: like({ atomic: 'no' }) }).capabilities.atomic).toBe('no');
  });

  test('a version that neither store gave is a conflict, and a number stays a number', async () => {
    const { from, store } = two();
    await from.create(KEY, 'old', LATER);
    const { version } = await present(from);
    expect(version).toBeTypeOf('number');
    for (const strange of [version, 'from', 'to@:#1', `from:$${version}`]) {
      expect(await store.update(KEY, strange, 'x', LATER)).toMatchObject({ result: 'conflict' });
      expect(await store.touch(KEY, strange, LATER)).toBe(false);
    }
    expect((await store.update(KEY, (await present(store)).version, 'x', LATER)).result).toBe('ok');
  });

  test('one store for both, one that is not open, and options that are none end the start', () => {
    const inner = memoryStore();
    const code = (options: unknown): unknown => {
      try {
        migrating(options as MigratingStoreOptions);
      } catch (error) {
        return (error as CoatcheckError).code;
      }
      return undefined;
    };
    expect(code({ from: inner, to: inner })).toBe('OPTION_INVALID');
    expect(code({ from: inner, to: Promise.resolve(inner) })).toBe('OPTION_INVALID');
    expect(code({ from: inner })).toBe('OPTION_INVALID');
    expect(code({ old: inner, new: inner })).toBe('OPTION_UNKNOWN');
    expect(code({ from: inner, to: memoryStore(), absolute: 180 })).toBe('OPTION_INVALID');
    expect(code(undefined)).toBe('OPTION_INVALID');
  });
});

describe('sessions that began on the old store', () => {
  test('are known to processes that migrate the other way round first, and what ended stays ended for both', async () => {
    const [old, fresh] = [memoryStore(), memoryStore()];
    const ways = [old, migrating({ from: fresh, to: old }), migrating({ from: old, to: fresh }), fresh];
    for (const [first, second] of [
      [ways[0], ways[1]],
      [ways[1], ways[2]],
    ] as [Store, Store][]) {
      const key = crypto.randomUUID().replaceAll('-', '').repeat(2);
      await first.create(key, '0', LATER);
      for (let n = 1; n < 6; n++) {
        const [writer, reader] = n % 2 === 0 ? [first, second] : [second, first];
        const { document, version } = await present(writer, key);
        expect(document).toBe(String(n - 1));
        expect((await writer.update(key, version, String(n), LATER)).result).toBe('ok');
        expect((await present(reader, key)).document).toBe(String(n));
      }
      await second.put(key, CLOSED, SOON);
      for (const store of [first, second]) expect((await present(store, key)).document).toBe(CLOSED);
    }
  });

  async function begun() {
    const [from, to] = [memoryStore(), memoryStore()];
    const first = createSessions<Data>({ store: from, ownerOf: ({ user }) => user });
    const session = (await first.open(request())) as Session<Data>;
    session.assign({ user: 'ann', n: 0 });
    const cookie = (await first.commit(session, { status: 200 })).setCookie[0]?.split(';')[0] ?? '';
    const events: SessionEvent[] = [];
    const store = migrating({ from, to });
    const sessions = createSessions<Data>({
      store,
      ownerOf: ({ user }) => user,
      onEvent: (event) => events.push(event),
    });
    const visit = async (act: (session: Session<Data>) => unknown): Promise<string | undefined> => {
      const visited = (await sessions.open(request(cookie))) as Session<Data>;
      await act(visited);
      return (await sessions.commit(visited, { status: 200 })).setCookie[0];
    };
    return { from, to, sessions, visit, events };
  }

  test('count 50 first requests at once as 50, and send nobody a new cookie', async () => {
    const { from, to, sessions, visit, events } = await begun();
    let open = (): void => undefined;
    const allHaveRead = new Promise<void>((resolve) => {
      open = resolve;
    });
    let reading = 50;
    const cookies = await Promise.all(
      Array.from({ length: 50 }, () =>
        visit(async (session) => {
          session.get('n');
          if (--reading === 0) open();
          await allHaveRead;
          session.update('n', (n = 0) => n + 1);
        }),
      ),
    );
    expect(cookies).toEqual(Array(50).fill(undefined));
    expect(events.filter(({ type }) => type === 'conflict').length).toBeGreaterThan(0);
    await visit((session) => expect(session.get('n')).toBe(50));
    const count = async (store: Store) => (await store.scan?.(undefined, 100))?.entries.length;
    expect([await count(from), await count(to)]).toEqual([0, 1]);
    await sessions.close();
  });

  test('are listed and revoked by their owner, and do not come back through a slower request', async () => {
    const { sessions, visit, events } = await begun();
    expect(await sessions.listFor('ann')).toHaveLength(1);
    await visit(async (session) => {
      session.get('n');
      expect(await sessions.revokeAll('ann')).toBe(1);
      session.set('n', 7);
    });
    expect(events.map(({ type }) => type)).toContain('gone');
    expect(await sessions.listFor('ann')).toEqual([]);
    await visit((session) => expect(session.get('user')).toBeUndefined());
    await sessions.close();
  });
});
