import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CoatcheckError } from '../../src/errors.ts';
import { Budget } from '../../src/store/deadline.ts';
import { Pulse } from '../../src/store/pulse.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = (): Promise<never> => new Promise(() => undefined);
const storeError = (retryable: boolean) => new CoatcheckError('STORE_FAILED', 'no', { retryable });

/** A store that answers probes when it is told to. */
function stopped(): { pulse: Pulse; probes: { resolve: () => void; reject: (error: unknown) => void }[] } {
  const probes: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  const pulse = new Pulse(() => new Promise<void>((resolve, reject) => probes.push({ resolve, reject })));
  pulse.missed(pulse.mark);
  return { pulse, probes };
}

describe('the pulse of a store', () => {
  test('stops when a deadline passed and nothing was answered since the wait began', async () => {
    const pulse = new Pulse(never);
    const waiting = new Budget(100).wait(never(), 'read', 'none', pulse).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(99);
    expect(pulse.stopped).toBe(false);
    await vi.advanceTimersByTimeAsync(2);
    await waiting;
    expect(pulse.stopped).toBe(true);
    pulse.close();
  });

  test.each([
    ['another call was answered', (pulse: Pulse) => pulse.answered()],
    ['another call failed for good, which is an answer', (pulse: Pulse) => pulse.failed(storeError(false))],
    ['a driver threw what only it knows', (pulse: Pulse) => pulse.failed(new Error('syntax'))],
  ])('goes on when meanwhile %s', async (_what, meanwhile) => {
    const pulse = new Pulse(never);
    const waiting = new Budget(100).wait(never(), 'read', 'none', pulse).catch(() => undefined);
    meanwhile(pulse);
    await vi.advanceTimersByTimeAsync(101);
    await waiting;
    expect(pulse.stopped).toBe(false);
  });

  test('stops although errors came that say "try again": they are no answer', async () => {
    const pulse = new Pulse(never);
    const waiting = new Budget(100).wait(never(), 'read', 'none', pulse).catch(() => undefined);
    pulse.failed(storeError(true));
    await vi.advanceTimersByTimeAsync(101);
    await waiting;
    expect(pulse.stopped).toBe(true);
    pulse.close();
  });

  test('asks at once and then once a second while it is stopped', async () => {
    const { pulse, probes } = stopped();
    expect(probes).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(999);
    expect(probes).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(3001);
    expect(probes).toHaveLength(5);
    pulse.close();
    await vi.advanceTimersByTimeAsync(5000);
    expect(probes).toHaveLength(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is back with the answer of a probe, or a late one of any call, and asks no more', async () => {
    const one = stopped();
    one.probes[0]?.reject(storeError(true));
    await vi.advanceTimersByTimeAsync(1000);
    expect(one.pulse.stopped).toBe(true);
    one.probes[1]?.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(one.pulse.stopped).toBe(false);
    const other = stopped();
    other.pulse.answered();
    expect(other.pulse.stopped).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('survives a probe that throws', () => {
    const pulse = new Pulse(() => {
      throw storeError(true);
    });
    pulse.missed(pulse.mark);
    expect(pulse.stopped).toBe(true);
    pulse.close();
  });

  test('asks nothing any more once it was closed, also when a deadline passes later', async () => {
    const { pulse, probes } = stopped();
    pulse.close();
    pulse.missed(pulse.mark);
    expect(pulse.stopped).toBe(false);
    await vi.advanceTimersByTimeAsync(5000);
    expect(probes).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('begins no timer where the probe is answered at once', () => {
    const pulse = new Pulse(() => {
      throw storeError(false);
    });
    pulse.missed(pulse.mark);
    expect(pulse.stopped).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});
