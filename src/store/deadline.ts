import { CoatcheckError, type Outcome } from '../errors.ts';
import { Wait } from './alarm.ts';
import type { Pulse } from './pulse.ts';

/**
 * How long one request may wait for its store, all calls together (R90). Only the time spent waiting counts, not the
 * handler's own; waits that overlap, or lie within one another, count once.
 *
 * @example
 * const budget = new Budget(2000);
 * const record = await budget.wait(store.read(key), 'read', 'none');
 */
export class Budget {
  readonly #ms: number;
  #spent = 0;
  #waiting = 0;
  #since = 0;

  /** @param ms the whole of it, in milliseconds */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /**
   * Milliseconds that are left; zero or below when it is used up.
   *
   * @param now by `performance.now()`, where the caller has just asked
   */
  remaining(now?: number): number {
    const running = this.#waiting > 0 ? (now ?? performance.now()) - this.#since : 0;
    return this.#ms - this.#spent - running;
  }

  /**
   * Waits for a call that was made. A promise that settles after the budget has run out is let go in silence.
   *
   * @param verb the store's verb, for the message
   * @param outcome `'unknown'` where the call may write, `'none'` where it only reads
   * @param pulse hears of the answer, also of one that comes too late, and of a deadline that passed
   * @throws CoatcheckError `STORE_TIMEOUT`, not retryable, when the budget is used up first; else what the call threw
   */
  wait<T>(call: Promise<T>, verb: string, outcome: Outcome, pulse?: Pulse): Promise<T> {
    return new Promise<T>((resolve, reject) => this.watch(call, verb, outcome, pulse, resolve, reject));
  }

  /**
   * The same for callbacks: with AsyncLocalStorage every promise counts twice. That of a deadline runs in whatever async
   * context; a caller for whom that matters binds its own.
   */
  watch<T>(
    call: Promise<T>,
    verb: string,
    outcome: Outcome,
    pulse: Pulse | undefined,
    answered: (value: T) => void,
    failed: (error: unknown) => void,
  ): void {
    const mark = this.telling ? pulse?.mark : undefined;
    this.enter();
    call.then(
      (value) => {
        pulse?.answered();
        if (!wait.end()) return;
        this.leave();
        answered(value);
      },
      (error) => {
        pulse?.failed(error);
        if (!wait.end()) return;
        this.leave();
        failed(error);
      },
    );
    const wait = new Wait(this, () => {
      this.leave();
      if (mark !== undefined) pulse?.missed(mark);
      failed(timeout(verb, outcome));
    });
  }

  /** Whether a wait that begins now is long enough to tell a slow store from a dead one. */
  get telling(): boolean {
    return this.remaining() * 2 >= this.#ms;
  }

  /** A wait begins; for those who do their waiting themselves. */
  enter(): void {
    if (this.#waiting++ === 0) this.#since = performance.now();
  }

  /** A wait is over. */
  leave(now?: number): void {
    if (--this.#waiting === 0) this.#spent += (now ?? performance.now()) - this.#since;
  }
}

/** The deadline came before the answer. */
export function timeout(verb: string, outcome: Outcome): CoatcheckError {
  const doubt = outcome === 'unknown' ? ' What it was to write may have been stored.' : '';
  return new CoatcheckError(
    'STORE_TIMEOUT',
    `The store did not answer '${verb}' within the request's deadline.${doubt} Look at the store, or raise the deadline.`,
    { outcome },
  );
}
