import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Budget } from '../../src/store/deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const later = <T>(ms: number, value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), ms));
const never = (): Promise<never> => new Promise(() => undefined);
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  );

describe('a budget', () => {
  test('gives what the call gives, value or error', async () => {
    const budget = new Budget(1000);
    expect(await budget.wait(Promise.resolve(5), 'read', 'none')).toBe(5);
    await expect(budget.wait(Promise.reject(new Error('own')), 'read', 'none')).rejects.toThrow('own');
  });

  test('counts the time spent waiting, and not the time between', async () => {
    const budget = new Budget(1000);
    const first = budget.wait(later(300, 'a'), 'read', 'none');
    await vi.advanceTimersByTimeAsync(300);
    await first;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(budget.remaining()).toBeCloseTo(700, 0);
    const second = failure(budget.wait(later(800, 'b'), 'update', 'unknown'));
    await vi.advanceTimersByTimeAsync(701);
    expect(await second).toMatchObject({ code: 'STORE_TIMEOUT', status: 503 });
    expect(budget.remaining()).toBeLessThanOrEqual(0);
  });

  test('counts waits that overlap or lie within one another once', async () => {
    const budget = new Budget(1000);
    const inner = async (): Promise<string> => budget.wait(later(400, 'inner'), 'read', 'none');
    const all = Promise.all([
      budget.wait(inner(), 'commit', 'unknown'),
      budget.wait(later(400, 'beside'), 'read', 'none'),
    ]);
    await vi.advanceTimersByTimeAsync(100);
    expect(budget.remaining()).toBeCloseTo(900, 0);
    await vi.advanceTimersByTimeAsync(300);
    expect(await all).toEqual(['inner', 'beside']);
    expect(budget.remaining()).toBeCloseTo(600, 0);
  });

  test.each(['none', 'unknown'] as const)(
    'that runs out says outcome %s as told, and not to try again',
    async (outcome) => {
      const error = failure(new Budget(50).wait(never(), 'touch', outcome));
      await vi.advanceTimersByTimeAsync(51);
      expect(await error).toMatchObject({ code: 'STORE_TIMEOUT', retryable: false, outcome });
      expect(String(await error)).toContain("'touch'");
    },
  );

  test('that is used up refuses to wait, unless the answer is there', async () => {
    const budget = new Budget(10);
    const error = failure(budget.wait(never(), 'read', 'none'));
    await vi.advanceTimersByTimeAsync(11);
    await error;
    await expect(budget.wait(never(), 'read', 'none')).rejects.toMatchObject({ code: 'STORE_TIMEOUT' });
    expect(await budget.wait(Promise.resolve('there'), 'read', 'none')).toBe('there');
  });

  test('has one timer for all that begins together, and none that keeps the process once all is answered', async () => {
    vi.useRealTimers();
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const answers = [later(20, 'a'), later(20, 'b'), later(20, 'c')];
    const own = timers();
    const waits = answers.map((answer) => new Budget(1000).wait(answer, 'read', 'none'));
    expect(timers()).toBe(own + 1);
    expect(await Promise.all(waits)).toEqual(['a', 'b', 'c']);
    expect(timers()).toBe(before);
    expect(await new Budget(1000).wait(Promise.resolve('d'), 'read', 'none')).toBe('d');
    expect(timers()).toBe(before);
  });

  test('of many that wait together each ends at its own deadline', async () => {
    const errors = [30, 10, 20].map((ms) => failure(new Budget(ms).wait(never(), `wait${ms}`, 'none')));
    const late = new Budget(1000).wait(later(40, 'late'), 'read', 'none');
    const over: unknown[] = [];
    for (const error of errors) error.then((told) => over.push(/wait\d+/.exec(String(told))?.[0]));
    await vi.advanceTimersByTimeAsync(11);
    expect(over).toEqual(['wait10']);
    await vi.advanceTimersByTimeAsync(10);
    expect(over).toEqual(['wait10', 'wait20']);
    await vi.advanceTimersByTimeAsync(10);
    expect(over).toEqual(['wait10', 'wait20', 'wait30']);
    await vi.advanceTimersByTimeAsync(10);
    expect(await late).toBe('late');
  });

  test('lets a call that fails too late fail in silence', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    let fail: (error: Error) => void = () => undefined;
    const call = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const error = failure(new Budget(10).wait(call, 'update', 'unknown'));
    await vi.advanceTimersByTimeAsync(11);
    await error;
    fail(new Error('late'));
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
