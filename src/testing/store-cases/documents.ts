import assert from 'node:assert/strict';
import { created, inAnHour, present, type StoreCase, text } from './case.ts';

const UNICODE = JSON.stringify({ 'ключ\u2028': 'é e\u0301 \u{1f9e5} \ufeff \uffff \u007f "\\' });
const SIZE = 64 * 1024;
const SPOILT = 'spoilt';

/** That documents come back to the byte, and belong to nobody else. */
export const documentCases: readonly StoreCase[] = [
  ...Object.entries({
    'beyond ASCII, unnormalised': UNICODE,
    'with a byte order mark in front': `\ufeff${UNICODE}`,
    'with a NUL, line ends and trailing blanks': 'a\0b\r\nc\t \n ',
    'that looks like a number': '007.50',
  }).map(
    ([what, document]): StoreCase => ({
      name: `keeps a text ${what} to the character`,
      async run({ store, key, seen }) {
        const id = key();
        const version = await created(store, id, document);
        await seen(async () => assert.equal((await present(store, id)).document, document));
        const answer = await store.update(id, version, `${document}!`, inAnHour());
        assert.equal(answer.result, 'ok');
        await seen(async () => assert.equal((await present(store, id)).document, `${document}!`));
        await store.put(id, document, inAnHour());
        await seen(async () => assert.equal((await present(store, id)).document, document));
      },
    }),
  ),
  {
    name: 'keeps a text of 64 KB, or of the most that the store takes',
    async run({ store, key, seen }) {
      const id = key();
      const document = text(0).padEnd(Math.min(SIZE, store.capabilities.maxBytes), 'x');
      await created(store, id, document);
      await seen(async () => assert.ok((await present(store, id)).document === document));
    },
  },
  {
    name: 'keeps bytes of every value, and 64 KB of them',
    needs: ['bytes'],
    async run({ store, key, seen }) {
      const id = key();
      const document = Uint8Array.from({ length: Math.min(SIZE, store.capabilities.maxBytes) }, (_, i) => i * 167);
      await created(store, id, document);
      await seen(async () => {
        const given = (await present(store, id)).document;
        assert.ok(given instanceof Uint8Array);
        assert.deepEqual([...given], [...document]);
      });
    },
  },
  {
    name: 'keeps only the part of a buffer that a Uint8Array shows',
    needs: ['bytes'],
    async run({ store, key, seen }) {
      const id = key();
      await created(store, id, Uint8Array.of(9, 9, 1, 0, 255, 9).subarray(2, 5));
      await seen(async () => assert.deepEqual([...((await present(store, id)).document as Uint8Array)], [1, 0, 255]));
    },
  },
  {
    name: 'tells text and bytes of the same contents apart, also when one replaces the other',
    needs: ['bytes'],
    async run({ store, key, seen }) {
      const id = key();
      const bytes = new TextEncoder().encode(text(1));
      const version = await created(store, id, bytes);
      await seen(async () => assert.ok((await present(store, id)).document instanceof Uint8Array));
      assert.equal((await store.update(id, version, text(1), inAnHour())).result, 'ok');
      await seen(async () => assert.equal((await present(store, id)).document, text(1)));
    },
  },
  {
    name: 'keeps its own copy: later changes to the bytes given do not reach it',
    needs: ['bytes'],
    async run({ store, key, seen }) {
      const id = key();
      const given = Uint8Array.of(1, 2, 3);
      const version = await created(store, id, given);
      given.fill(0);
      await seen(async () => assert.deepEqual([...((await present(store, id)).document as Uint8Array)], [1, 2, 3]));
      const next = Uint8Array.of(4, 5, 6);
      await store.update(id, version, next, inAnHour());
      next.fill(0);
      await seen(async () => assert.deepEqual([...((await present(store, id)).document as Uint8Array)], [4, 5, 6]));
    },
  },
  {
    name: 'hands out copies: changes to what was read do not reach the store',
    needs: ['bytes'],
    async run({ store, key, seen }) {
      const id = key();
      await created(store, id, Uint8Array.of(1, 2, 3));
      await seen(async () => void (await present(store, id)));
      ((await present(store, id)).document as Uint8Array).fill(0);
      const taken = await store.create(id, Uint8Array.of(9), inAnHour());
      if (taken.result === 'exists' && taken.current) (taken.current.document as Uint8Array).fill(0);
      await seen(async () => assert.deepEqual([...((await present(store, id)).document as Uint8Array)], [1, 2, 3]));
    },
  },
  {
    name: 'hands out records of its own: what is done to one, or to the owner given, does not reach the store',
    async run({ store, key, owner, seen }) {
      const [id, expiresAt] = [key(), inAnHour()];
      const ann = store.capabilities.owners ? owner() : undefined;
      const given = ann && { ...ann };
      const old = await created(store, id, text(0), expiresAt, given);
      await store.update(id, old, text(1), expiresAt);
      // The same contents, so that a store which writes where it must not is another case's business.
      const answers = [
        await store.create(id, text(1), expiresAt, given),
        await store.update(id, old, text(1), expiresAt),
      ];
      const handed = answers.map((answer) => ('current' in answer ? answer.current : undefined));
      for (const object of [await present(store, id), ...handed, given]) if (object) spoil(object);
      await seen(async () => {
        const record = await present(store, id);
        assert.equal(record.document, text(1));
        assert.equal(record.expiresAt, expiresAt);
        assert.notEqual(record.version, SPOILT);
        if (ann) assert.deepEqual({ ...record.owner }, ann);
      });
    },
  },
];

/** Overwrites every member, those of members too; what is frozen stays as it is. */
function spoil(handed: object): void {
  for (const [name, value] of Object.entries(handed)) {
    if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) spoil(value);
    else Reflect.set(handed, name, SPOILT);
  }
}
