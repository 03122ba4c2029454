import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { everyOrder } from './explorer.ts';
import { play, type Script, scripts } from './scenario.ts';

// Back-off without waiting, so that every run of one schedule is the same.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const all: Script[] = Object.values(scripts);
const core: Script[] = [scripts.write, scripts.increment, scripts.destroy, scripts.rotate];

test('every order of two overlapping requests ends as the model says', { timeout: 120_000 }, async () => {
  let runs = 0;
  for (const [i, first] of all.entries()) {
    for (const second of all.slice(i)) runs += await everyOrder((choose) => play([first, second], choose), 5000);
  }
  expect(runs).toBeGreaterThan(350);
});

test('every order of three overlapping requests ends as the model says', { timeout: 240_000 }, async () => {
  let runs = 0;
  for (const [i, first] of core.entries()) {
    for (const [j, second] of core.entries()) {
      for (const third of core.slice(Math.max(i, j))) {
        if (j >= i) runs += await everyOrder((choose) => play([first, second, third], choose), 400);
      }
    }
  }
  expect(runs).toBeGreaterThan(2000);
});

test('a crash between any two store calls leaves whole sessions only', { timeout: 120_000 }, async () => {
  let runs = 0;
  const modes = (_step: number, spent: number) =>
    spent === 0 ? (['do', 'crash-before', 'crash-after'] as const) : (['do'] as const);
  for (const first of [scripts.write, scripts.rotate, scripts.destroy, scripts.increment]) {
    for (const second of [scripts.increment, scripts.rotate]) {
      runs += await everyOrder((choose) => play([first, second], choose, modes), 3000);
    }
  }
  expect(runs).toBeGreaterThan(500);
});

test('a lost answer, a lost request or a doubled call changes nothing', { timeout: 240_000 }, async () => {
  let runs = 0;
  const modes = (_step: number, spent: number) =>
    spent === 0 ? (['do', 'lose-answer', 'lose-request', 'twice'] as const) : (['do'] as const);
  for (const first of [scripts.write, scripts.rotate, scripts.destroy, scripts.increment, scripts.login]) {
    for (const second of [scripts.increment, scripts.rotate, scripts.destroy]) {
      runs += await everyOrder((choose) => play([first, second], choose, modes), 3000);
    }
  }
  expect(runs).toBeGreaterThan(1000);
});

test('random overlaps with several faults end as the model says', { timeout: 240_000 }, async () => {
  const modes = (_step: number, spent: number) =>
    spent < 4
      ? (['do', 'lose-answer', 'do', 'lose-request', 'do', 'twice', 'crash-after'] as const)
      : (['do'] as const);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...all), { minLength: 2, maxLength: 4 }),
      fc.array(fc.nat(1000), { minLength: 60, maxLength: 60 }),
      async (actors, picks) => {
        let step = 0;
        await play(
          actors,
          (choices) => choices[(picks[step++ % picks.length] ?? 0) % choices.length] ?? never(),
          modes,
        );
      },
    ),
    { numRuns: Number(process.env.COATCHECK_MODEL_RUNS ?? 400) },
  );
});

function never(): never {
  throw new Error('no choice');
}
