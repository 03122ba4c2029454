import assert from 'node:assert/strict';
import { aSecondAgo, created, inAnHour, present, type StoreCase, text } from './case.ts';

/** What each verb does to one record. */
export const recordCases: readonly StoreCase[] = [
  {
    name: 'reads undefined where there is no record',
    async run({ store, key }) {
      assert.equal(await store.read(key()), undefined);
    },
  },
  {
    name: 'gives back what was created: document, version and expiry exactly, and no owner',
    async run({ store, key, seen }) {
      const [id, expiresAt] = [key(), inAnHour()];
      const version = await created(store, id, text(1), expiresAt);
      await seen(async () => {
        const record = await present(store, id);
        assert.equal(record.document, text(1));
        assert.equal(record.version, version);
        assert.equal(record.expiresAt, expiresAt);
        assert.equal(record.owner, undefined);
      });
    },
  },
  {
    name: 'gives back an expired record, for the core judges expiry',
    async run({ store, key, seen }) {
      const [id, expiresAt] = [key(), aSecondAgo()];
      await created(store, id, text(1), expiresAt);
      await seen(async () => assert.equal((await present(store, id)).expiresAt, expiresAt));
    },
  },
  {
    name: 'keeps records of different keys and name spaces apart',
    async run({ store, key, seen }) {
      const plain = key();
      const spaced = `suite:${plain}`;
      await created(store, plain, text(1));
      await created(store, spaced, text(2));
      await store.destroy(plain);
      await seen(async () => {
        assert.equal(await store.read(plain), undefined);
        assert.equal((await present(store, spaced)).document, text(2));
      });
    },
  },
  {
    name: 'create never overwrites: the record stays, and the answer is exists',
    async run({ store, key, seen }) {
      const id = key();
      const version = await created(store, id, text(1));
      const answer = await store.create(id, text(2), inAnHour());
      assert.equal(answer.result, 'exists');
      if (answer.result === 'exists' && answer.current) assert.equal(answer.current.document, text(1));
      await seen(async () => {
        const record = await present(store, id);
        assert.equal(record.document, text(1));
        assert.equal(record.version, version);
      });
    },
  },
  {
    name: 'create does not overwrite an expired record either',
    async run({ store, key, seen }) {
      const id = key();
      await created(store, id, text(1), aSecondAgo());
      assert.equal((await store.create(id, text(2), inAnHour())).result, 'exists');
      await seen(async () => assert.equal((await present(store, id)).document, text(1)));
    },
  },
  {
    name: 'create does not overwrite a closed record either',
    async run({ store, key, seen }) {
      const [id, closed] = [key(), JSON.stringify({ '~closed': 'nonce' })];
      await created(store, id);
      await store.put(id, closed, inAnHour());
      assert.equal((await store.create(id, text(2), inAnHour())).result, 'exists');
      await seen(async () => assert.equal((await present(store, id)).document, closed));
    },
  },
  {
    name: 'update writes document and expiry over the version given, and gives a new version',
    async run({ store, key, seen }) {
      const [id, expiresAt] = [key(), inAnHour() + 1000];
      const version = await created(store, id);
      const answer = await store.update(id, version, text(1), expiresAt);
      assert.ok(answer.result === 'ok');
      assert.notEqual(answer.version, version);
      await seen(async () => {
        const record = await present(store, id);
        assert.equal(record.document, text(1));
        assert.equal(record.version, answer.version);
        assert.equal(record.expiresAt, expiresAt);
      });
    },
  },
  {
    name: 'update may shorten a life',
    async run({ store, key, seen }) {
      const [id, expiresAt] = [key(), Date.now() + 60_000];
      const version = await created(store, id);
      assert.equal((await store.update(id, version, text(1), expiresAt)).result, 'ok');
      await seen(async () => assert.equal((await present(store, id)).expiresAt, expiresAt));
    },
  },
  {
    name: 'update at an old version changes nothing, and the answer is conflict',
    needs: ['atomic'],
    async run({ store, key, seen }) {
      const [id, expiresAt] = [key(), inAnHour()];
      const old = await created(store, id, text(0), expiresAt);
      assert.equal((await store.update(id, old, text(1), expiresAt)).result, 'ok');
      const answer = await store.update(id, old, text(2), expiresAt + 1000);
      assert.equal(answer.result, 'conflict');
      if (answer.result === 'conflict' && answer.current) assert.equal(answer.current.document, text(1));
      await seen(async () => {
        const record = await present(store, id);
        assert.equal(record.document, text(1));
        assert.equal(record.expiresAt, expiresAt);
      });
    },
  },
  {
    name: 'update never creates: the answer for a destroyed record is gone',
    async run({ store, key, seen }) {
      const id = key();
      const version = await created(store, id);
      await store.destroy(id);
      assert.equal((await store.update(id, version, text(1), inAnHour())).result, 'gone');
      await seen(async () => assert.equal(await store.read(id), undefined));
    },
  },
  {
    name: 'touch moves the expiry to a later time and keeps the document',
    async run({ store, key, seen }) {
      const [id, expiresAt] = [key(), inAnHour()];
      const version = await created(store, id, text(1), expiresAt);
      assert.equal(await store.touch(id, version, expiresAt + 5001), true);
      await seen(async () => {
        const record = await present(store, id);
        assert.equal(record.expiresAt, expiresAt + 5001);
        assert.equal(record.document, text(1));
      });
    },
  },
  {
    name: 'touch never shortens a life, and that is no failure',
    async run({ store, key, seen }) {
      const [id, expiresAt] = [key(), inAnHour()];
      const version = await created(store, id, text(1), expiresAt);
      assert.equal(await store.touch(id, version, expiresAt - 5000), true);
      await seen(async () => assert.equal((await present(store, id)).expiresAt, expiresAt));
    },
  },
  {
    name: 'touch at an old version moves nothing and says false',
    needs: ['atomic'],
    async run({ store, key, seen }) {
      const [id, expiresAt] = [key(), inAnHour()];
      const old = await created(store, id, text(0), expiresAt);
      assert.equal((await store.update(id, old, text(1), expiresAt)).result, 'ok');
      assert.equal(await store.touch(id, old, expiresAt + 5000), false);
      await seen(async () => assert.equal((await present(store, id)).expiresAt, expiresAt));
    },
  },
  {
    name: 'touch never revives a destroyed record',
    async run({ store, key, seen }) {
      const id = key();
      const version = await created(store, id);
      await store.destroy(id);
      assert.equal(await store.touch(id, version, inAnHour()), false);
      await seen(async () => assert.equal(await store.read(id), undefined));
    },
  },
  {
    name: 'destroy says whether the record was there, and once more is no error',
    async run({ store, key, seen }) {
      const id = key();
      await created(store, id);
      assert.equal(await store.destroy(id), true);
      assert.equal(await store.destroy(id), false);
      assert.equal(await store.destroy(key()), false);
      await seen(async () => assert.equal(await store.read(id), undefined));
    },
  },
  {
    name: 'put writes where there is nothing',
    async run({ store, key, seen }) {
      const [id, expiresAt] = [key(), inAnHour()];
      await store.put(id, text(1), expiresAt);
      await seen(async () => {
        const record = await present(store, id);
        assert.equal(record.document, text(1));
        assert.equal(record.expiresAt, expiresAt);
      });
    },
  },
  {
    name: 'put writes over whatever is there, at a new version, and may shorten its life',
    async run({ store, key, seen }) {
      const [id, expiresAt] = [key(), Date.now() + 60_000];
      const version = await created(store, id);
      await store.put(id, text(1), expiresAt);
      assert.notEqual((await store.update(id, version, text(2), inAnHour())).result, 'ok');
      assert.equal(await store.touch(id, version, inAnHour()), false);
      await seen(async () => {
        const record = await present(store, id);
        assert.equal(record.document, text(1));
        assert.equal(record.expiresAt, expiresAt);
      });
    },
  },
  {
    name: 'a version does not come back when the record is destroyed and created anew',
    async run({ store, key, seen }) {
      const [id, expiresAt] = [key(), inAnHour()];
      const old = await created(store, id, text(1), expiresAt);
      await store.destroy(id);
      const anew = await created(store, id, text(1), expiresAt);
      assert.notEqual(anew, old);
      assert.equal((await store.update(id, old, text(2), expiresAt)).result, 'conflict');
      assert.equal(await store.touch(id, old, expiresAt + 5000), false);
      await seen(async () => assert.equal((await present(store, id)).document, text(1)));
    },
  },
  {
    name: 'readMany gives the records in the order of the keys, with undefined for those that are missing',
    needs: ['readMany'],
    async run({ store, key, seen }) {
      const [a, missing, b] = [key(), key(), key()];
      await created(store, a, text(1));
      const version = await created(store, b, text(2));
      await seen(async () => {
        const records = (await store.readMany?.([b, missing, a, b])) ?? [];
        assert.deepEqual(
          records.map((record) => (record instanceof Error ? record : record?.document)),
          [text(2), undefined, text(1), text(2)],
        );
        assert.ok(!(records[0] instanceof Error) && records[0]?.version === version);
      });
    },
  },
  {
    name: 'close ends the store, and the records of another one stay usable',
    needs: ['close'],
    async run({ store, key }) {
      await created(store, key());
      await store.close?.();
    },
  },
];
