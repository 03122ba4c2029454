import { setTimeout as sleep } from 'node:timers/promises';
import { createSessions } from '../../src/index.ts';
import { Sweeper } from '../../src/interface/sweeper.ts';
import type { Session } from '../../src/session/types.ts';
import { Browser } from '../../test/support/visit.ts';
import type { FullStore } from './stores.ts';

/**
 * How long requests took that wrote their sessions, in milliseconds: from when each was due to the end of its commit, so
 * that what waited for the event loop waited as well.
 */
export interface Waits {
  readonly writes: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** What a sweep of everything cost, and what it cost the visitors. */
export interface Cleaned {
  readonly removed: number;
  readonly seconds: number;
  /** While nothing was removed: what the machine makes them wait for. */
  readonly before: Waits;
  readonly meanwhile: Waits;
}

type Visitor = Browser<Session<{ n?: number }>>;

/** How often a visitor writes, in milliseconds. */
const EVERY = 20;
const VISITORS = 20;

/**
 * Removes every expired record as sessions do it, in batches, while a visitor comes and writes every 20 ms, whatever
 * became of the one before.
 *
 * @param quiet for how many milliseconds they come and nothing is removed
 * @throws what a request ended in that was not stored
 */
export async function clean({ store }: FullStore, quiet: number): Promise<Cleaned> {
  const sessions = createSessions<{ n?: number }>({ store, sweep: false });
  const visitors = Array.from({ length: VISITORS }, () => new Browser(sessions));
  await Promise.all(visitors.map((visitor) => visitor.visit((session) => session.set('n', 0))));
  const [before] = await visiting(visitors, () => sleep(quiet));
  const begun = performance.now();
  const [meanwhile, removed] = await visiting(visitors, () => new Sweeper(undefined, Date.now).sweep(store));
  return { removed, seconds: (performance.now() - begun) / 1000, before, meanwhile };
}

async function visiting<T>(visitors: readonly Visitor[], work: () => Promise<T>): Promise<[Waits, T]> {
  const waits: number[] = [];
  const visits: Promise<void>[] = [];
  const visit = async (due: number, visitor: Visitor): Promise<void> => {
    const { error } = await visitor.visit((session) => {
      session.n = (session.n ?? 0) + 1;
    });
    if (error !== undefined) throw error;
    waits.push(performance.now() - due);
  };
  let due = performance.now();
  const timer = setInterval(() => {
    for (; due <= performance.now(); due += EVERY) {
      const visitor = visitors[visits.length % visitors.length];
      if (visitor !== undefined) visits.push(visit(due, visitor));
    }
  }, EVERY / 4);
  try {
    const done = await work();
    clearInterval(timer);
    await Promise.all(visits);
    return [told(waits), done];
  } finally {
    clearInterval(timer);
  }
}

function told(waits: number[]): Waits {
  waits.sort((one, other) => one - other);
  const at = (part: number): number => waits[Math.min(waits.length - 1, Math.floor(waits.length * part))] ?? 0;
  return { writes: waits.length, median: at(0.5), p99: at(0.99), max: at(1) };
}
