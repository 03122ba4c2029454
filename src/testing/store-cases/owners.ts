import assert from 'node:assert/strict';
import type { Owner, Store } from '../../store/contract.ts';
import { again, created, inAnHour, present, type StoreCase, text } from './case.ts';

const PARALLEL = 20;

/** Whose record it is, and the list of an owner's records. */
export const ownerCases: readonly StoreCase[] = [
  {
    name: 'gives back the owner of a record, name and end exactly',
    needs: ['owners'],
    async run({ store, key, owner, seen }) {
      const [id, ann] = [key(), owner(inAnHour() + 7)];
      await created(store, id, text(0), inAnHour(), ann);
      await seen(async () => assert.deepEqual({ ...(await present(store, id)).owner }, ann));
    },
  },
  {
    name: 'update and touch keep the owner',
    needs: ['owners'],
    async run({ store, key, owner, seen }) {
      const [id, ann, expiresAt] = [key(), owner(), inAnHour()];
      const version = await created(store, id, text(0), expiresAt, ann);
      const answer = await store.update(id, version, text(1), expiresAt);
      assert.ok(answer.result === 'ok');
      assert.equal(await store.touch(id, answer.version, expiresAt + 1000), true);
      await seen(async () => {
        assert.equal((await present(store, id)).owner?.name, ann.name);
        assert.deepEqual(await store.listOwned?.(ann.name), [id]);
      });
    },
  },
  {
    name: 'lists every key of an owner, of all name spaces, and nobody else’s',
    needs: ['owners'],
    async run({ store, key, owner, seen }) {
      const [ann, bob] = [owner(), owner()];
      const keys = [key(), key('suite'), key()].sort();
      for (const id of keys) await created(store, id, text(0), inAnHour(), ann);
      await created(store, key(), text(0), inAnHour(), bob);
      await created(store, key());
      await seen(async () => assert.deepEqual([...((await store.listOwned?.(ann.name)) ?? [])].sort(), keys));
    },
  },
  {
    name: 'lists nothing for an owner nobody knows',
    needs: ['owners'],
    async run({ store, owner }) {
      assert.deepEqual(await store.listOwned?.(owner().name), []);
    },
  },
  {
    name: 'a create that finds the key taken does not give the record away to its owner',
    needs: ['owners'],
    async run({ store, key, owner, seen }) {
      const [id, ann, eve] = [key(), owner(), owner()];
      await created(store, id, text(0), inAnHour(), ann);
      assert.equal((await store.create(id, text(1), inAnHour(), eve)).result, 'exists');
      await seen(async () => {
        assert.equal((await present(store, id)).owner?.name, ann.name);
        assert.deepEqual(await store.listOwned?.(ann.name), [id]);
      });
    },
  },
  {
    name: 'destroy takes the key off its owner’s list',
    needs: ['owners'],
    async run({ store, key, owner, seen }) {
      const [id, other, ann] = [key(), key(), owner()];
      await created(store, id, text(0), inAnHour(), ann);
      await created(store, other, text(0), inAnHour(), ann);
      assert.equal(await store.destroy(id, ann.name), true);
      assert.equal(await store.destroy(id, ann.name), false);
      await seen(async () => assert.deepEqual(await store.listOwned?.(ann.name), [other]));
    },
  },
  {
    name: 'create writes a record before its owner’s list names it',
    needs: ['owners', 'strong'],
    async run({ store, key, owner }) {
      const [ann, there] = [owner(), new Set<string>()];
      const creates = Array.from({ length: PARALLEL }, () => created(store, key(), text(0), inAnHour(), ann));
      await watch(Promise.all(creates), async () => {
        for (const id of await listed(store, ann.name)) {
          if (there.has(id)) continue;
          // Who meets a dead key on a list may forget it; a record that arrives later would then be on no list.
          await present(store, id);
          there.add(id);
        }
      });
    },
  },
  {
    name: 'destroy deletes a record before its owner’s list drops it',
    needs: ['owners', 'strong'],
    async run({ store, key, owner, seen }) {
      const [ann, living] = [owner(), new Set(Array.from({ length: PARALLEL }, () => key()))];
      for (const id of living) await created(store, id, text(0), inAnHour(), ann);
      await seen(async () => assert.equal((await listed(store, ann.name)).length, PARALLEL));
      const destroys = [...living].map((id) => again(() => store.destroy(id, ann.name)));
      await watch(Promise.all(destroys), async () => {
        const list = await listed(store, ann.name);
        for (const id of [...living].filter((key) => !list.includes(key))) {
          // Whoever ends all sessions of an owner meanwhile would miss this one.
          assert.equal(await again(() => store.read(id)), undefined, 'a living record is on no list');
          living.delete(id);
        }
      });
    },
  },
  {
    name: 'put replaces the owner by the one given',
    needs: ['owners'],
    async run({ store, key, owner, seen }) {
      const [id, ann, bob] = [key(), owner(), owner()];
      await created(store, id, text(0), inAnHour(), ann);
      await store.put(id, text(1), inAnHour(), bob);
      await seen(async () => {
        assert.deepEqual({ ...(await present(store, id)).owner } as Owner, bob);
        assert.deepEqual(await store.listOwned?.(bob.name), [id]);
      });
    },
  },
  {
    name: 'put without an owner leaves the record with none',
    needs: ['owners'],
    async run({ store, key, owner, seen }) {
      const [id, ann] = [key(), owner()];
      await created(store, id, text(0), inAnHour(), ann);
      await store.put(id, text(1), inAnHour());
      await seen(async () => assert.equal((await present(store, id)).owner, undefined));
    },
  },
  {
    name: 'forget takes a key off the list, and the record stays',
    needs: ['owners'],
    async run({ store, key, owner, seen }) {
      const [id, other, ann] = [key(), key(), owner()];
      await created(store, id, text(1), inAnHour(), ann);
      await created(store, other, text(2), inAnHour(), ann);
      await store.forget?.(ann.name, id);
      await store.forget?.(ann.name, key());
      await store.forget?.(owner().name, other);
      await seen(async () => {
        assert.deepEqual(await store.listOwned?.(ann.name), [other]);
        assert.equal((await present(store, id)).document, text(1));
      });
    },
  },
];

async function listed(store: Store, owner: string): Promise<readonly string[]> {
  return (await again(async () => store.listOwned?.(owner))) ?? [];
}

/** Looks again and again while something is under way, and once more when it is done. */
async function watch(work: Promise<unknown>, look: () => Promise<void>): Promise<void> {
  let working = true;
  const done = work.finally(() => {
    working = false;
  });
  const looking = async (): Promise<void> => {
    for (let [looks, last] = [1, false]; !last; looks++) {
      last = !working;
      await look();
      // Not after each look, which would always come at the same moment of the work; but a store that answers at once
      // must leave the work its turn.
      if (looks % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
  await Promise.all([done, looking()]);
}
