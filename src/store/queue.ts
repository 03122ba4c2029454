import type { StoredRecord } from './contract.ts';
import { ON_WORKERD } from './workerd.ts';

/** Lets the next task begin, with the record that this one left in the store where it knows that. */
export type Leave = (left?: StoredRecord) => void;

/** Must leave once, whatever becomes of it, and by its own deadline: whoever waits, waits for it. */
export type Task<T> = (latest: StoredRecord | undefined, leave: Leave) => Promise<T>;

type Turn = (latest: StoredRecord | undefined) => void;

/**
 * Lets the commits to one key queue up within this process instead of colliding in the store, each handing the record
 * it left to the next. Correctness never depends on it except with `atomic: 'process'`. Nothing is kept for a key that
 * nobody is writing to.
 *
 * A task that throws at once has left. Plain callbacks: with AsyncLocalStorage every promise counts twice.
 */
export class KeyQueue {
  /** The waiting turns of each key that is being worked on; undefined where nobody waits. */
  readonly #lines = new Map<string, Turn[] | undefined>();

  /** How many keys are being worked on. */
  get size(): number {
    return this.#lines.size;
  }

  /** Runs the task, synchronously when the key is free, else after those that came before. */
  run<T>(key: string, task: Task<T>): Promise<T> {
    // There no request may wait for a promise of another one.
    if (ON_WORKERD) return task(undefined, () => undefined);
    if (!this.#lines.has(key)) {
      this.#lines.set(key, undefined);
      return this.#work(key, task, undefined);
    }
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = [];
      this.#lines.set(key, line);
    }
    const turns = line;
    // The finisher resolves a promise and starts nothing itself: the task must see its own request's async context.
    return new Promise<StoredRecord | undefined>((turn) => turns.push(turn)).then((latest) =>
      this.#work(key, task, latest),
    );
  }

  #work<T>(key: string, task: Task<T>, latest: StoredRecord | undefined): Promise<T> {
    let here = true;
    const leave: Leave = (left) => {
      if (here) this.#next(key, left);
      here = false;
    };
    try {
      return task(latest, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  #next(key: string, left: StoredRecord | undefined): void {
    const next = this.#lines.get(key)?.shift();
    if (next) next(left);
    else this.#lines.delete(key);
  }
}
