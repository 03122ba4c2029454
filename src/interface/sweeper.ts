import type { Store } from '../store/contract.ts';

/** Beyond this a timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How many records one statement removes (R94). */
const BATCH = 500;

/** Removes expired records now and then, in batches that let others in between. Its timer holds no process open. */
export class Sweeper {
  readonly #everyMs: number | undefined;
  readonly #now: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(everyMs: number | undefined, now: () => number) {
    this.#everyMs = everyMs === undefined ? undefined : Math.min(everyMs, LONGEST_TIMER_MS);
    this.#now = now;
  }

  /** Starts the clock with the first record written; before that there is nothing to remove. */
  start(store: Store): void {
    if (this.#timer !== undefined || this.#stopped || this.#everyMs === undefined || store.sweep === undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // A store that fails here fails its requests too, and those say so.
      this.sweep(store).then(
        () => this.start(store),
        () => this.start(store),
      );
    }, this.#everyMs);
    this.#timer.unref?.();
  }

  /** Removes what is expired now; how many records went. */
  async sweep(store: Store): Promise<number> {
    let removed = 0;
    for (;;) {
      const batch = (await store.sweep?.(this.#now(), BATCH)) ?? 0;
      removed += batch;
      if (batch < BATCH || this.#stopped) return removed;
      await new Promise<void>((next) => setTimeout(next, 0));
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
