import assert from 'node:assert/strict';
import { again, created, inAnHour, present, type StoreCase, text } from './case.ts';

const PARALLEL = 50;

/** What holds when many do the same at once. */
export const raceCases: readonly StoreCase[] = [
  {
    name: '50 parallel increments by compare-and-set give 50, and conflicts happen',
    needs: ['atomic'],
    async run({ store, key }) {
      const id = key();
      await created(store, id, text(0));
      let conflicts = 0;
      const increment = async (): Promise<void> => {
        for (let round = 0; round < 2000; round++) {
          const begun = performance.now();
          const record = await present(store, id);
          const { n } = JSON.parse(record.document as string) as { n: number };
          const answer = await again(() => store.update(id, record.version, text(n + 1), inAnHour()));
          if (answer.result === 'ok') return;
          assert.equal(answer.result, 'conflict');
          conflicts++;
          // Jitter, as the core has it: else all meet again in each round, of which one comes through, and a slow server
          // answers ten times as many calls.
          const pause = 4 * Math.random() * (performance.now() - begun);
          await new Promise((resolve) => setTimeout(resolve, pause));
        }
        assert.fail('an update at the version just read met a conflict 2000 times');
      };
      await Promise.all(Array.from({ length: PARALLEL }, increment));
      assert.equal((await present(store, id)).document, text(PARALLEL));
      assert.ok(conflicts > 0, 'no update met another: the increments did not overlap');
    },
  },
  {
    name: 'of 50 parallel creates of one key exactly one is ok',
    needs: ['atomic'],
    async run({ store, key, seen }) {
      const id = key();
      const answers = await Promise.all(
        Array.from({ length: PARALLEL }, (_, i) => again(() => store.create(id, text(i), inAnHour()))),
      );
      const winners = [...answers.keys()].filter((i) => answers[i]?.result === 'ok');
      assert.equal(winners.length, 1);
      await seen(async () => assert.equal((await present(store, id)).document, text(winners[0] ?? -1)));
    },
  },
  {
    name: 'of 50 parallel updates of one version exactly one is ok, and its document stays',
    needs: ['atomic'],
    async run({ store, key, seen }) {
      const id = key();
      const version = await created(store, id);
      const answers = await Promise.all(
        Array.from({ length: PARALLEL }, (_, i) => again(() => store.update(id, version, text(i), inAnHour()))),
      );
      const winners = [...answers.keys()].filter((i) => answers[i]?.result === 'ok');
      assert.equal(winners.length, 1);
      await seen(async () => assert.equal((await present(store, id)).document, text(winners[0] ?? -1)));
    },
  },
  {
    name: 'of 50 parallel destroys of one key exactly one says that it was there',
    needs: ['atomic'],
    async run({ store, key }) {
      const id = key();
      await created(store, id);
      const answers = await Promise.all(Array.from({ length: PARALLEL }, () => again(() => store.destroy(id))));
      assert.equal(answers.filter(Boolean).length, 1);
    },
  },
  {
    name: 'an update that races a destroy never brings the record back',
    needs: ['atomic'],
    async run({ store, key, seen }) {
      const keys = Array.from({ length: PARALLEL }, () => key());
      const versions = await Promise.all(keys.map((id) => created(store, id)));
      await Promise.all(
        keys.flatMap((id, i) => [
          again(() => store.update(id, versions[i] ?? '', text(1), inAnHour())),
          again(() => store.touch(id, versions[i] ?? '', inAnHour())),
          again(() => store.destroy(id)),
          again(() => store.update(id, versions[i] ?? '', text(2), inAnHour())),
        ]),
      );
      await seen(async () => {
        for (const id of keys) assert.equal(await again(() => store.read(id)), undefined);
      });
    },
  },
];
