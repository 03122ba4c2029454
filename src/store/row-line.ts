import type { Outcome } from '../errors.ts';
import { KeyQueue } from './queue.ts';
import { noAnswer, rowFailure, waitedInVain } from './row-errors.ts';

/** How long one call may take, and how long one may wait in line (ms); no request's deadline should be as long. */
const PATIENCE_MS = 10_000;

/** Two stores on one object would not see each other's turns. */
const queues = new WeakMap<object, KeyQueue>();

/** Where the verbs wait for one another, key by key, and where each call to a back end comes to an end. */
export class RowLine {
  readonly #name: string;
  readonly #queue: KeyQueue;

  /**
   * @param name in front of errors
   * @param of the user's object: all who are given the same one stand in the same line
   */
  constructor(name: string, of: object) {
    this.#name = name;
    this.#queue = queues.get(of) ?? new KeyQueue();
    queues.set(of, this.#queue);
  }

  /**
   * Does the work when nobody else is at this key. Who waited for too long is not served any more: no request waits for
   * what it would do.
   *
   * @param begin told, in any case, when its turn has come
   */
  turn<T>(key: string, verb: string, work: () => Promise<T>, begin: () => void = () => undefined): Promise<T> {
    const since = performance.now();
    return this.#queue.run(key, async (_latest, leave) => {
      begin();
      try {
        if (performance.now() - since > PATIENCE_MS) throw waitedInVain(this.#name, verb, PATIENCE_MS);
        return await work();
      } finally {
        leave();
      }
    });
  }

  /**
   * One call. It ends, whatever the back end does, for others stand in line behind it.
   *
   * @param outcome what is true where it fails: `'unknown'` for a write
   */
  ask<T>(verb: string, outcome: Outcome, call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(noAnswer(this.#name, verb, PATIENCE_MS, outcome)), PATIENCE_MS);
      timer.unref?.();
      const answered = (value: T): void => {
        clearTimeout(timer);
        resolve(value);
      };
      const failed = (error: unknown): void => {
        clearTimeout(timer);
        reject(rowFailure(error, this.#name, verb, outcome));
      };
      try {
        call().then(answered, failed);
      } catch (error) {
        failed(error);
      }
    });
  }
}
