import { expect, test } from 'vitest';
import { fakeClock } from '../../src/testing/fake-clock.ts';

test('a fake clock stands still until it is moved', () => {
  const clock = fakeClock(1000);
  expect(clock.now()).toBe(1000);
  expect(clock.tick('2s')).toBe(3000);
  expect(clock.tick({ ms: 5 })).toBe(3005);
  expect(clock.set(7)).toBe(7);
  expect(clock.now()).toBe(7);
  expect(fakeClock().now()).toBe(fakeClock().now());
});

test('a fake clock refuses a bare number, whose unit nobody knows', () => {
  expect(() => fakeClock().tick(5 as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
});
