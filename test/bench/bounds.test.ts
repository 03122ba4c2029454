import { expect, test } from 'vitest';
import { verdictsOf } from '../../bench/http/bounds.ts';
import type { Slice } from '../../bench/http/measure.ts';
import { type Group, ratioOf, summaryOf } from '../../bench/http/results.ts';
import { median, quantile } from '../../bench/http/statistics.ts';

function slice(round: number, cpu: number): Slice {
  const rest = { rate: 1, commands: {}, redisIn: 0, redisOut: 0, answer: 1, rss: 1, requests: 1, p50: 1, p99: 1 };
  return { round, cpu, ...rest };
}

function group(cpus: Record<string, readonly number[]>, trips: readonly string[] = ['get']): Group {
  const targets = Object.entries(cpus).map(([name, all]) => ({
    name,
    slices: { read: all.map((cpu, at) => slice(at + 1, cpu)), control: all.map((_, at) => slice(at + 1, 100)) },
    lone: { read: trips },
  }));
  return { node: 'v20.19.0', framework: 'express', size: 1, targets };
}

function verdict(group: Group, what: string) {
  return verdictsOf([group]).find((candidate) => candidate.what === what);
}

test('a median lies between the two in the middle, a quantile on the line between its neighbours', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(quantile([10, 20, 30], 0.25)).toBe(15);
  expect(median([])).toBeNaN();
});

test('a ratio is made within a round, so that a slow round harms nobody', () => {
  // The quotient of the two medians would be 1.45.
  const measured = group({ floor: [100, 300, 200], coatcheck: [120, 310, 290] });
  expect(ratioOf(measured, 'coatcheck', 'floor', 'read')?.median).toBeCloseTo(1.2);
  expect(ratioOf(measured, 'coatcheck', 'bare', 'read')).toBeUndefined();
});

test('beside it stands the ratio of the quietest tenths, of whichever rounds', () => {
  const tenths = (from: number) => Array.from({ length: 21 }, (_, at) => from + ((at * 8) % 21));
  const measured = group({ floor: tenths(100), coatcheck: tenths(202) });
  expect(ratioOf(measured, 'coatcheck', 'floor', 'read')?.quiet).toBeCloseTo(2);
  const noisy = group({ floor: tenths(100).map((cpu) => (cpu > 105 ? cpu * 9 : cpu)), coatcheck: tenths(202) });
  expect(ratioOf(noisy, 'coatcheck', 'floor', 'read')?.quiet).toBeCloseTo(2);
});

test('a round that one of the two did not have is left out', () => {
  const measured = group({ floor: [100, 200], coatcheck: [110, 220, 9999] });
  expect(ratioOf(measured, 'coatcheck', 'floor', 'read')?.median).toBeCloseTo(1.1);
});

test('a bound holds up to itself and not beyond', () => {
  const what = 'coatcheck / floor, read';
  expect(verdict(group({ floor: [100], coatcheck: [106] }), what)).toMatchObject({ bound: 1.06, holds: true });
  expect(verdict(group({ floor: [100], coatcheck: [107] }), what)).toMatchObject({ holds: false });
});

test('what was not measured does not hold', () => {
  const missing = verdict(group({ floor: [100] }), 'coatcheck / floor, read');
  expect(missing).toMatchObject({ value: undefined, holds: false });
});

test('one round trip too many is a missed bound', () => {
  const what = 'coatcheck, round trips, read';
  expect(verdict(group({ coatcheck: [1] }), what)).toMatchObject({ value: 1, holds: true });
  expect(verdict(group({ coatcheck: [1] }, ['get', 'expire']), what)).toMatchObject({ value: 2, holds: false });
});

test('a peer that is faster is a missed bound, and so is a control route that is not the same for all', () => {
  const peer = verdict(group({ 'express-session': [99], coatcheck: [100] }), 'coatcheck / express-session, read');
  expect(peer).toMatchObject({ bound: 1, holds: false });
  const disturbed = group({ bare: [50], coatcheck: [50] });
  const skewed = {
    ...disturbed,
    targets: disturbed.targets.map((target) =>
      target.name === 'bare' ? target : { ...target, slices: { ...target.slices, control: [slice(1, 103)] } },
    ),
  };
  const what = 'coatcheck, control route, away from bare';
  expect(verdict(disturbed, what)).toMatchObject({ holds: true });
  expect(verdict(skewed, what)).toMatchObject({ bound: 0.02, holds: false });
});

test('a summary tells the quietest round beside the median', () => {
  expect(summaryOf([slice(1, 30), slice(2, 10), slice(3, 20)])).toMatchObject({ cpu: 20, best: 10, low: 15, high: 25 });
});
