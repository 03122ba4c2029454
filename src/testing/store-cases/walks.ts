import assert from 'node:assert/strict';
import type { Scanned, Store } from '../../store/contract.ts';
import { again, aSecondAgo, created, inAnHour, present, type StoreCase, text } from './case.ts';

/** Sweep and scan: verbs that walk over the whole store in small steps. */
export const walkCases: readonly StoreCase[] = [
  {
    name: 'sweep deletes expired records and no others, at most as many at once as it may',
    needs: ['sweep'],
    async run({ store, key, owner, seen }) {
      const [dead, living] = [[key(), key('suite'), key()], key()];
      const ann = owner();
      for (const id of dead)
        await created(store, id, text(0), aSecondAgo(), store.capabilities.owners ? ann : undefined);
      await created(store, living);
      assert.ok((await sweepAll(store, 2)) >= dead.length);
      await seen(async () => {
        for (const id of dead) assert.equal(await store.read(id), undefined);
        assert.equal((await present(store, living)).document, text(0));
      });
    },
  },
  {
    name: 'sweep says 0 where nothing is expired at the time given',
    needs: ['sweep'],
    async run({ store, key }) {
      const id = key();
      await created(store, id, text(0), aSecondAgo());
      assert.equal(await again(async () => store.sweep?.(1000, 100)), 0);
      await present(store, id);
    },
  },
  {
    name: 'sweep leaves a record whose expiry was moved, by update or by touch',
    needs: ['sweep'],
    async run({ store, key }) {
      const [updated, touched] = [key(), key()];
      const version = await created(store, updated, text(0), aSecondAgo());
      const other = await created(store, touched, text(0), aSecondAgo());
      assert.equal((await store.update(updated, version, text(1), inAnHour())).result, 'ok');
      assert.equal(await store.touch(touched, other, inAnHour()), true);
      await sweepAll(store, 100);
      await present(store, updated);
      await present(store, touched);
    },
  },
  {
    name: 'a record that is renewed while a sweep runs is either renewed and there, or gone and said to be so',
    needs: ['sweep', 'atomic'],
    async run({ store, key, seen }) {
      const keys = Array.from({ length: 60 }, () => key());
      const versions = await Promise.all(keys.map((id) => created(store, id, text(0), aSecondAgo())));
      const sweeping = sweepAll(store, 7);
      const renewed = await Promise.all(
        keys.map(async (id, i) => again(() => store.update(id, versions[i] ?? '', text(i), inAnHour()))),
      );
      await sweeping;
      await seen(async () => {
        for (const [i, id] of keys.entries()) {
          const record = await again(() => store.read(id));
          assert.equal(record?.document, renewed[i]?.result === 'ok' ? text(i) : undefined);
        }
      });
    },
  },
  {
    name: 'scan finds every key, tells expiry and owner, and comes to an end',
    needs: ['scan'],
    async run({ store, key, owner, seen }) {
      const [ann, expiresAt] = [owner(), inAnHour()];
      const keys = Array.from({ length: 11 }, (_, i) => key(i % 2 ? 'suite' : undefined));
      const owners = store.capabilities.owners;
      for (const [i, id] of keys.entries()) {
        await created(store, id, text(i), expiresAt + i, owners && i % 3 === 0 ? ann : undefined);
      }
      await seen(async () => {
        const found = new Map<string, Scanned['entries'][number]>();
        await walk(store, 3, (entry) => found.set(entry.key, entry));
        for (const [i, id] of keys.entries()) {
          assert.equal(found.get(id)?.expiresAt, expiresAt + i);
          assert.equal(found.get(id)?.owner, owners && i % 3 === 0 ? ann.name : undefined);
        }
      });
    },
  },
  {
    name: 'a scan during which records come and go finds those that were there throughout',
    needs: ['scan'],
    async run({ store, key }) {
      const [staying, going] = [Array.from({ length: 60 }, () => key()), Array.from({ length: 60 }, () => key())];
      for (const [i, id] of staying.entries()) {
        await created(store, id);
        await created(store, going[i] ?? '');
      }
      const found = new Set<string>();
      await walk(store, 3, async ({ key: id }) => {
        found.add(id);
        // What was just seen lies behind: who counts places then steps over somebody.
        if (going.includes(id)) await store.destroy(id);
      });
      for (const id of staying) assert.ok(found.has(id), 'a key that was there throughout was stepped over');
      found.clear();
      let coming = 20;
      await walk(store, 3, async ({ key: id }) => {
        found.add(id);
        if (coming-- > 0) await created(store, key());
      });
      for (const id of staying) assert.ok(found.has(id), 'a key that was there throughout was not found');
    },
  },
];

/** Sweeps until nothing has gone for a while: a sweep may look at a part of the store at a time. */
async function sweepAll(store: Store, limit: number): Promise<number> {
  let all = 0;
  for (let idle = 0; idle < 20; ) {
    const gone = (await again(async () => store.sweep?.(Date.now(), limit))) ?? 0;
    assert.ok(gone <= limit, `sweep(now, ${limit}) deleted ${gone}`);
    idle = gone === 0 ? idle + 1 : 0;
    all += gone;
  }
  return all;
}

async function walk(store: Store, limit: number, visit: (entry: Scanned['entries'][number]) => unknown): Promise<void> {
  let cursor: string | undefined;
  for (let calls = 0; calls < 100_000; calls++) {
    const page: Scanned | undefined = await again(async () => store.scan?.(cursor, limit));
    for (const entry of page?.entries ?? []) await visit(entry);
    cursor = page?.cursor;
    if (cursor === undefined) return;
  }
  assert.fail('scan does not come to an end');
}
