import { expect, onTestFinished } from 'vitest';
import type { App, Env, Fleet } from './app.ts';
import { Load, longest } from './load.ts';

/** What a request may wait for its store, all in all, in milliseconds. */
export const DEADLINE = 2000;

export const DRIVERS = ['redis', 'ioredis'] as const;

/** A reference application under load, and the driver by which it uses Redis. */
export interface Burdened {
  readonly driver: string;
  readonly app: App;
  readonly load: Load;
}

/** Starts an application and so many writers, until the test ends. */
export async function burden(
  { start }: Fleet,
  driver: string,
  uri: string,
  writers: number,
  settings: Env = {},
): Promise<Burdened> {
  // Events of that many requests are a burden of their own.
  const env = { ADAPTER: 'express', SESSION_URI: uri, REDIS_DRIVER: driver, EVENTS: '0', ...settings };
  const app = await start(env);
  onTestFinished(async () => void (await app.stop()));
  const load = await Load.begin(app, writers);
  onTestFinished(() => load.end());
  return { driver, app, load };
}

/**
 * Every answer is a 200, or a 503 in time that costs no cookie; who needs no session is served all the time, by the
 * process that was started.
 */
export function answersAreTrue({ driver, app, load }: Burdened): void {
  const { samples, writes, noise } = load;
  expect([driver, writes.filter(({ status }) => status !== 200 && status !== 503)]).toEqual([driver, []]);
  for (const { code, cookies, outcome } of writes.filter(({ status }) => status === 503)) {
    expect([driver, code, cookies]).toEqual([driver, expect.stringMatching(/^STORE_/), 0]);
    expect([driver, outcome]).toEqual([driver, expect.stringMatching(/^(none|unknown)$/)]);
  }
  expect([driver, longest(writes)]).toEqual([driver, below(DEADLINE + 100 + noise)]);
  expect([driver, samples.filter(({ kind, status }) => kind !== 'write' && status !== 200)]).toEqual([driver, []]);
  // It throws where there is no such process.
  process.kill(app.pid, 0);
}

/** A number that shows itself where it is too large. */
export function below(limit: number): unknown {
  return expect.toSatisfy((value: number) => value < limit, `below ${limit}`);
}
