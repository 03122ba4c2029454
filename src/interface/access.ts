import { AsyncResource } from 'node:async_hooks';
import { CoatcheckError } from '../errors.ts';
import type { Addressed, Events } from '../events.ts';
import type { Store, StoredRecord } from '../store/contract.ts';
import type { Budget } from '../store/deadline.ts';
import { type Pulse, storeDown } from '../store/pulse.ts';
import type { TurnReads } from '../store/turn-reads.ts';
import type { StoreSource } from './store-source.ts';

/** Verbs that change something: unanswered, they may have happened. */
const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'touch', 'destroy', 'put', 'forget']);

/** What all requests to one store have in common. */
export interface StoreLine {
  readonly pulse: Pulse;
  /** Where the store can read many at once. */
  readonly reads: TurnReads | undefined;
}

/** A call that failed and may be made again. */
export interface Failed {
  readonly failed: CoatcheckError;
}

/**
 * One request's way to its store: one budget for all waiting, every failure told, errors of drivers put into ours.
 * Plain `then` instead of async functions: with AsyncLocalStorage every promise counts twice.
 */
export class StoreAccess {
  readonly store: Store;
  readonly #reads: TurnReads | undefined;
  readonly #pulse: Pulse;
  readonly #budget: Budget;
  readonly #events: Events;
  readonly #client: Addressed | undefined;
  /** The pulse when the first of several attempts without an answer was made. */
  #unanswered: number | undefined;

  constructor(line: StoreLine, store: Store, budget: Budget, events: Events, client: Addressed | undefined) {
    this.store = store;
    this.#reads = line.reads;
    this.#pulse = line.pulse;
    this.#budget = budget;
    this.#events = events;
    this.#client = client;
  }

  /** Tells a failure; gives it back if the call may be made again, and throws it otherwise. */
  #failed(error: unknown, verb: string): Failed {
    const failed = asStoreError(error, verb);
    this.#events.emit('store-error', () => ({ verb, error: failed }), this.#client);
    if (!failed.retryable) throw failed;
    if (this.#budget.telling) this.#unanswered ??= this.#pulse.mark;
    return { failed };
  }

  /** Out of time; if nothing was answered since the first attempt, the store is down. */
  #giveUp(error: CoatcheckError): CoatcheckError {
    if (this.#unanswered !== undefined && error.code !== 'SESSION_CONFLICT') this.#pulse.missed(this.#unanswered);
    return error;
  }

  /**
   * One attempt, with callbacks for its answer, for a failure that may be tried again, and for any other. What `answered`
   * throws is such another.
   */
  try<T>(
    verb: string,
    call: () => Promise<T>,
    answered: (answer: T) => void,
    retryable: (failed: Failed) => void,
    failed: (error: unknown) => void,
  ): void {
    const fail = (error: unknown): void => {
      let tried: Failed;
      try {
        tried = this.#failed(error, verb);
      } catch (final) {
        failed(final);
        return;
      }
      retryable(tried);
    };
    if (this.#pulse.stopped) {
      fail(storeDown());
      return;
    }
    let calling: Promise<T>;
    try {
      // A store that is not ours may give a plain value.
      calling = Promise.resolve(call());
    } catch (error) {
      fail(error);
      return;
    }
    const answer = (value: T): void => {
      try {
        answered(value);
      } catch (error) {
        failed(error);
      }
    };
    // Timers are shared: listeners hear of a deadline in the context of their own request.
    const late = this.#events.heard ? AsyncResource.bind(fail) : fail;
    this.#budget.watch(calling, verb, WRITES.has(verb) ? 'unknown' : 'none', this.#pulse, answer, late);
  }

  /** One attempt. Gives back a failure that may be tried again; throws any other. */
  attempt<T>(verb: string, call: () => Promise<T>): Promise<{ readonly answer: T } | Failed> {
    return new Promise((resolve, reject) => {
      this.try(verb, call, (answer) => resolve({ answer }), resolve, reject);
    });
  }

  /** Attempts until there is an answer or the deadline. For verbs that may be done twice. */
  insist<T>(verb: string, call: () => Promise<T>): Promise<T> {
    return this.attempt(verb, call).then((tried) =>
      'answer' in tried ? tried.answer : this.#again(verb, call, tried),
    );
  }

  async #again<T>(verb: string, call: () => Promise<T>, first: Failed): Promise<T> {
    let { failed } = first;
    let unsure = false;
    try {
      for (let round = 0; ; round++) {
        unsure ||= failed.outcome === 'unknown';
        await this.pause(round, failed);
        const tried = await this.attempt(verb, call);
        if ('answer' in tried) return tried.answer;
        failed = tried.failed;
      }
    } catch (error) {
      throw unsure ? inDoubt(error) : error;
    }
  }

  read(key: string): Promise<StoredRecord | undefined> {
    return this.insist('read', () => this.#read(key));
  }

  /** Goes on after a first read that failed, if its error allows it. */
  async readAgain(key: string, error: unknown): Promise<StoredRecord | undefined> {
    return this.#again('read', () => this.#read(key), this.#failed(error, 'read'));
  }

  /** With the others of this turn of the event loop, where the store can. */
  #read(key: string): Promise<StoredRecord | undefined> {
    const reads = this.#reads;
    if (reads === undefined) return this.store.read(key);
    return new Promise((resolve, reject) => {
      reads.read(key, this.#budget, (record, error) => (error === undefined ? resolve(record) : reject(error)));
    });
  }

  /**
   * Waits a moment, longer each round on average and never in step with others. Throws `error` when the deadline would
   * pass.
   */
  async pause(round: number, error: CoatcheckError): Promise<void> {
    const ms = Math.floor(Math.random() * Math.min(50, 2 ** round));
    if (this.#budget.remaining() <= ms) throw this.#giveUp(error);
    if (ms === 0) return;
    const sleep = new Promise<void>((done) => setTimeout(done, ms));
    await this.#budget.wait(sleep, 'retry', 'none').catch(() => undefined);
    // A timer may come late, and a call that has no time left would only end in doubt.
    if (this.#budget.remaining() <= 0) throw this.#giveUp(error);
  }

  /** Whether a call that is made now could still be heard. */
  get timeLeft(): boolean {
    return this.#budget.remaining() > 0;
  }

  /** Waits for a turn within the same budget. */
  turn(turn: Promise<void>): Promise<void> {
    return this.#budget.wait(turn, 'queue', 'none');
  }
}

/** A request's way to its store, which is opened if it is not. A store that cannot be opened is a store that failed. */
export async function reach(
  source: StoreSource,
  budget: Budget,
  events: Events,
  client?: Addressed,
): Promise<StoreAccess> {
  if (source.opened !== undefined) return new StoreAccess(source, source.opened, budget, events, client);
  try {
    if (source.pulse.stopped) throw storeDown();
    const store = await budget.wait(source.open(), 'open', 'none', source.pulse);
    return new StoreAccess(source, store, budget, events, client);
  } catch (error) {
    const failed = asStoreError(error, 'open');
    events.emit('store-error', () => ({ verb: 'open', error: failed }), client);
    throw failed;
  }
}

/** What ended the attempts says nothing about those before it: one that was not answered may have been stored. */
export function inDoubt<E>(error: E): E | CoatcheckError {
  if (!(error instanceof CoatcheckError) || error.outcome === 'unknown') return error;
  return new CoatcheckError(error.code, error.message, { cause: error.cause, outcome: 'unknown' });
}

export function asStoreError(error: unknown, verb: string): CoatcheckError {
  if (error instanceof CoatcheckError) {
    const silent = error.code === 'STORE_FAILED' && error.outcome === undefined && WRITES.has(verb);
    if (!silent) return error;
    const { cause, retryable } = error;
    return new CoatcheckError(error.code, error.message, { cause, retryable, outcome: 'unknown' });
  }
  return new CoatcheckError(
    'STORE_FAILED',
    `The session store failed at ${verb}. See the cause for what its driver says.`,
    { cause: error, outcome: WRITES.has(verb) ? 'unknown' : 'none' },
  );
}
