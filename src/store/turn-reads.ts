import { CoatcheckError } from '../errors.ts';
import { nextTurn } from '../next-turn.ts';
import { timerMs } from './alarm.ts';
import type { Store, StoredRecord } from './contract.ts';
import { type Budget, timeout } from './deadline.ts';
import { type Pulse, storeDown } from './pulse.ts';

/** Hears what became of a read: its record or none, or an error in its place. */
export type Told = (record: StoredRecord | undefined, error: unknown) => void;

interface Waiter {
  readonly budget: Budget;
  readonly told: Told;
  /** Whether its deadline says anything of the store. */
  readonly telling: boolean;
  over: boolean;
}

/** A store that can read many at once. */
export type ManyStore = Store & Required<Pick<Store, 'readMany'>>;

/**
 * Sends what one turn of the event loop asks for as one `readMany`, and a lone read as a plain `read`. A turn ends with
 * `nextTurn`. Each caller has its own deadline and its own answer.
 *
 * Callbacks, since every promise counts twice with AsyncLocalStorage. They run in the async context of whoever asked
 * first; a caller for whom that matters binds its own.
 */
export class TurnReads {
  readonly #store: ManyStore;
  readonly #pulse: Pulse;
  #keys: string[] = [];
  #waiters: Waiter[] = [];

  constructor(store: ManyStore, pulse: Pulse) {
    this.#store = store;
    this.#pulse = pulse;
  }

  read(key: string, budget: Budget, told: Told): void {
    if (this.#pulse.stopped) {
      told(undefined, storeDown());
      return;
    }
    budget.enter();
    if (this.#keys.push(key) === 1) nextTurn(() => this.#send());
    this.#waiters.push({ budget, told, telling: budget.telling, over: false });
  }

  #send(): void {
    const keys = this.#keys;
    const waiters = this.#waiters;
    this.#keys = [];
    this.#waiters = [];
    if (this.#store.serverOf === undefined || keys.length === 1) {
      this.#ask(keys, waiters);
      return;
    }
    const servers = new Map<string | number | undefined, number[]>();
    for (const [at, key] of keys.entries()) {
      const server = serverOf(this.#store, key);
      const places = servers.get(server);
      if (places === undefined) servers.set(server, [at]);
      else places.push(at);
    }
    for (const places of servers.values()) {
      this.#ask(
        places.map((at) => keys[at] as string),
        places.map((at) => waiters[at] as Waiter),
      );
    }
  }

  #ask(keys: readonly string[], waiters: readonly Waiter[]): void {
    const batch = new Batch(waiters, this.#pulse);
    const failed = (error: unknown) => batch.fail(error);
    try {
      if (keys.length === 1) this.#store.read(keys[0] as string).then((record) => batch.one(record), failed);
      else this.#store.readMany(keys).then((records) => batch.all(records), failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** It decides nothing, so that a mistake in it is none. */
function serverOf(store: ManyStore, key: string): string | number | undefined {
  try {
    return store.serverOf?.(key);
  } catch {
    return undefined;
  }
}

/** The reads of one turn on their way. */
class Batch {
  readonly #waiters: readonly Waiter[];
  readonly #pulse: Pulse;
  readonly #mark: number;
  #timer: ReturnType<typeof setTimeout>;

  constructor(waiters: readonly Waiter[], pulse: Pulse) {
    this.#waiters = waiters;
    this.#pulse = pulse;
    this.#mark = pulse.mark;
    this.#timer = this.#watch();
  }

  one(record: StoredRecord | undefined): void {
    this.#pulse.answered();
    clearTimeout(this.#timer);
    tell(this.#waiters[0] as Waiter, record, undefined);
  }

  all(records: readonly (StoredRecord | Error | undefined)[]): void {
    // A record that is missing in the answer is not one that the store does not have.
    if (!Array.isArray(records) || records.length !== this.#waiters.length) {
      this.fail(failed('The session store did not answer readMany with one record, or undefined, for each key.'));
      return;
    }
    this.#pulse.answered();
    clearTimeout(this.#timer);
    const now = performance.now();
    for (const [at, waiter] of this.#waiters.entries()) {
      const found = records[at];
      if (found instanceof Error) tell(waiter, undefined, found, now);
      else tell(waiter, found, undefined, now);
    }
  }

  fail(error: unknown): void {
    this.#pulse.failed(error);
    clearTimeout(this.#timer);
    // Who is told of no error believes that there is no record.
    const told = error ?? failed('The session store failed at read, and did not say why.');
    for (const waiter of this.#waiters) tell(waiter, undefined, told);
  }

  /** One timer for all, for whoever has least time. */
  #watch(): ReturnType<typeof setTimeout> {
    let least = Number.POSITIVE_INFINITY;
    const now = performance.now();
    for (const { budget, over } of this.#waiters) if (!over) least = Math.min(least, budget.remaining(now));
    return setTimeout(() => this.#late(), timerMs(least));
  }

  #late(): void {
    let left = false;
    for (const waiter of this.#waiters) {
      if (waiter.over) continue;
      if (waiter.budget.remaining() > 0) left = true;
      else {
        if (waiter.telling) this.#pulse.missed(this.#mark);
        tell(waiter, undefined, timeout('read', 'none'));
      }
    }
    if (left) this.#timer = this.#watch();
  }
}

function tell(waiter: Waiter, record: StoredRecord | undefined, error: unknown, now?: number): void {
  if (waiter.over) return;
  waiter.over = true;
  waiter.budget.leave(now);
  try {
    waiter.told(record, error);
  } catch (failure) {
    // What was found is nothing that its reader can use; those behind it must hear all the same.
    if (error === undefined) tellFailure(waiter, failure);
  }
}

function tellFailure({ told }: Waiter, failure: unknown): void {
  try {
    told(undefined, failure ?? failed('A record that was read could not be used.'));
  } catch {
    // It has been told.
  }
}

function failed(message: string): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', message, { outcome: 'none' });
}
