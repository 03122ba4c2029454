import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { migrating } from '../../src/store/migrating.ts';
import { bornInOld } from '../store/decorators.ts';
import { type Choice, everyOrder, type Mode, SteppedStore, settle } from './explorer.ts';
import { type Call, carryOut, isLinear, NOW, SOON_OVER, type Step } from './one-record.ts';
import { play as playSessions, scripts } from './scenario.ts';

// Back-off without waiting, so that every run of one schedule is the same.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const KEY = 'a'.repeat(64);
const HOUR = 3_600_000;

/** A call that means nothing, so that a sweep has its place among the others. */
const SWEEP = 'listOwned';

/** Where the record is when the requests begin. */
type Start = 'old' | 'new' | 'both' | 'nowhere';

const read: Step = { verb: 'read' };
const update: Step = { verb: 'update', document: 'updated' };
const empty: Step = { verb: 'empty', document: 'emptied' };
const close: Step = { verb: 'close' };
const claim: Step = { verb: 'claim' };
const destroy: Step = { verb: 'destroy' };
const create: Step = { verb: 'create', document: 'created' };
const put: Step = { verb: 'put', document: 'put' };
const touch: Step = { verb: 'touch' };
const sweep: Step = { verb: 'sweep' };

/** What one request does. */
const requests: readonly (readonly Step[])[] = [
  [read, update],
  [read, empty],
  [read, touch],
  [read, claim],
  [close],
  [destroy],
  [create],
  [put],
];

const undisturbed = (): readonly Mode[] => ['do'];
const crashing = (spent: number): readonly Mode[] => (spent === 0 ? ['do', 'crash-before', 'crash-after'] : ['do']);

interface Play {
  readonly start: Start;
  readonly actors: readonly (readonly Step[])[];
  readonly choose: (choices: readonly Choice[]) => Choice;
  readonly modes?: (spent: number) => readonly Mode[];
  readonly endedIsGone?: boolean;
  /** Every second request is in a process that migrates the other way round, as while it is rolled out. */
  readonly bothWays?: boolean;
  /** No call is on its way for so long that records are over meanwhile. */
  readonly quick?: boolean;
}

/** Plays one order of the requests' calls to the two stores, each request in a process of its own, and judges it. */
async function play({
  start,
  actors,
  choose,
  modes = undisturbed,
  endedIsGone = false,
  quick = false,
  bothWays = false,
}: Play): Promise<void> {
  const [from, to] = [memoryStore(), memoryStore()];
  if (start === 'old' || start === 'both') await from.create(KEY, start === 'both' ? 'left over' : 'first', NOW + HOUR);
  if (start === 'new' || start === 'both') await to.create(KEY, 'first', NOW + HOUR);
  const stepped = [new SteppedStore(from), new SteppedStore(to)] as const;
  const pending = () => stepped.flatMap((store) => store.pending);
  const calls: Call[] = [];
  let moment = 0;
  const note = (actor: number) => (step: Step) => {
    const call: Call = { actor, step, began: ++moment, ended: Number.POSITIVE_INFINITY, answer: undefined };
    calls.push(call);
    return (answer: string): void => {
      call.answer = answer;
      call.ended = ++moment;
    };
  };
  const storeOf = (actor: number): Store => {
    const [old, fresh] = bothWays && actor % 2 === 1 ? [stepped[1], stepped[0]] : stepped;
    return migrating({ from: old.for(actor), to: fresh.for(actor), absolute: '24h' });
  };
  const failures: unknown[] = [];
  for (const [actor, steps] of actors.entries()) {
    const sweeping = async (): Promise<void> => {
      await stepped[0].for(actor)[SWEEP]?.('nobody');
      await from.sweep?.(SOON_OVER, 100);
      await to.sweep?.(SOON_OVER, 100);
    };
    carryOut(KEY, storeOf(actor), steps, note(actor), sweeping).catch((error) => failures.push(error));
  }
  const trace: string[] = [];
  let spent = 0;
  for (let step = 0; step < 200; step++) {
    await settle();
    const all = pending();
    if (all.length === 0) break;
    const others = all.filter(({ verb }) => verb !== SWEEP);
    const waiting = quick && others.length > 0 ? others : all;
    const actorsNow = [...new Set(waiting.map(({ actor }) => actor))].sort();
    const choice = choose(actorsNow.flatMap((actor) => modes(spent).map((mode) => ({ actor, mode }))));
    const next = waiting.find(({ actor }) => actor === choice.actor);
    if (choice.mode !== 'do') spent++;
    trace.push(`${choice.actor} ${next?.verb} ${choice.mode}`);
    await next?.release(choice.mode);
  }
  expect(failures).toEqual([]);
  // Whoever comes last sees how it ended.
  const store = migrating({ from, to });
  if (bothWays) {
    const record = await store.read(KEY);
    expect(record?.document, trace.join('\n')).toBe('updated');
    expect((await migrating({ from: to, to: from }).read(KEY))?.document).toBe('updated');
    return;
  }
  await carryOut(KEY, store, [read, read], note(actors.length), async () => undefined);
  if (isLinear(calls, start === 'nowhere' ? undefined : 'first', endedIsGone)) return;
  expect.fail(
    `No one store would have answered so, begun ${start}:\n${JSON.stringify(calls, null, 1)}\n${trace.join('\n')}`,
  );
}

const STARTS = ['old', 'new', 'both', 'nowhere'] as const;

test('every order of two overlapping requests is answered as one store would', { timeout: 120_000 }, async () => {
  let runs = 0;
  for (const start of STARTS) {
    for (const [i, first] of requests.entries()) {
      for (const second of requests.slice(i)) {
        runs += await everyOrder((choose) => play({ start, actors: [first, second], choose }), 400);
      }
    }
  }
  expect(runs).toBeGreaterThan(2000);
});

test('a crash between any two calls leaves a record that one store could have', { timeout: 120_000 }, async () => {
  let runs = 0;
  for (const first of requests) {
    for (const second of [[read, update], [destroy], [read, claim]]) {
      const actors = [first, second];
      runs += await everyOrder((choose) => play({ start: 'old', actors, choose, modes: crashing }), 150);
    }
  }
  expect(runs).toBeGreaterThan(1500);
});

test('what ended stays ended, however slow a request that read it before, and whatever was swept', {
  timeout: 120_000,
}, async () => {
  let runs = 0;
  for (const start of ['old', 'both'] as const) {
    for (const ending of [[close], [read, claim]]) {
      const actors = [[read, update], ending, [sweep]];
      runs += await everyOrder((choose) => play({ start, actors, choose, endedIsGone: true }), 1000);
    }
  }
  expect(runs).toBeGreaterThan(1000);
});

test('an old record never shows through a new one that ended early, though its first writer died', {
  timeout: 120_000,
}, async () => {
  let runs = 0;
  for (const last of [[read], [read, empty], [read, claim], [close]]) {
    const actors = [
      [read, empty],
      [...last, sweep],
    ];
    runs += await everyOrder(
      (choose) => play({ start: 'old', actors, choose, modes: crashing, endedIsGone: true, quick: true }),
      800,
    );
  }
  expect(runs).toBeGreaterThan(500);
});

test('random overlaps of three and four requests with crashes are answered as one store would', {
  timeout: 120_000,
}, async () => {
  const modes = (spent: number): readonly Mode[] =>
    spent < 2 ? ['do', 'do', 'do', 'do', 'crash-before', 'do', 'do', 'do', 'crash-after'] : ['do'];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...STARTS),
      fc.array(fc.constantFrom(...requests, [read, update, update], [read, touch, update]), {
        minLength: 3,
        maxLength: 4,
      }),
      fc.array(fc.nat(1000), { minLength: 40, maxLength: 40 }),
      async (start, actors, picks) => {
        let step = 0;
        const choose = (choices: readonly Choice[]): Choice =>
          choices[(picks[step++ % picks.length] ?? 0) % choices.length] as Choice;
        await play({ start, actors, choose, modes });
      },
    ),
    { numRuns: Number(process.env.COATCHECK_MODEL_RUNS ?? 600) },
  );
});

test('while it is rolled out the other way round first, every order of two requests leaves the record', {
  timeout: 120_000,
}, async () => {
  let runs = 0;
  for (const start of ['old', 'new'] as const) {
    const actors = [
      [read, update],
      [read, update],
    ];
    runs += await everyOrder((choose) => play({ start, actors, choose, bothWays: true }), 4000);
  }
  expect(runs).toBeGreaterThan(40);
});

test('sessions of the old store keep their promises when answers are lost, requests too, or calls done twice', {
  timeout: 120_000,
}, async () => {
  let runs = 0;
  const modes = (_step: number, spent: number): readonly Mode[] =>
    spent === 0 ? ['do', 'lose-answer', 'lose-request', 'twice', 'crash-after'] : ['do'];
  for (const first of [scripts.write, scripts.rotate, scripts.destroy, scripts.increment, scripts.clear]) {
    for (const second of [scripts.increment, scripts.rotate, scripts.destroy]) {
      const open = (): Store => bornInOld({ from: memoryStore(), to: memoryStore() });
      runs += await everyOrder((choose) => playSessions([first, second], choose, modes, open()), 60);
    }
  }
  expect(runs).toBeGreaterThan(500);
});
