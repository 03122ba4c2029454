import type { StoredRecord } from './contract.ts';

/** What a task gives: its value, and the record it left in the store where it knows that. */
export interface Finished<T> {
  readonly value: T;
  readonly latest?: StoredRecord | undefined;
}

const ON_WORKERD = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent === 'Cloudflare-Workers';

type Turn = (latest: StoredRecord | undefined) => void;

/**
 * Lets the commits to one key queue up within this process instead of colliding in the store, each handing the record
 * it left to the next. Correctness never depends on it except with `atomic: 'process'`. Nothing is kept for a key that
 * nobody is writing to.
 *
 * A task must end by its own deadline: whoever waits, waits for it. What a task throws goes to its own caller only, and
 * the next one starts without a record.
 */
export class KeyQueue {
  /** The waiting turns of each key that is being worked on; undefined where nobody waits. */
  readonly #lines = new Map<string, Turn[] | undefined>();

  /** How many keys are being worked on. */
  get size(): number {
    return this.#lines.size;
  }

  /** Runs the task, synchronously when the key is free, else after those that came before. */
  run<T>(key: string, task: (latest: StoredRecord | undefined) => Promise<Finished<T>>): Promise<T> {
    // There no request may wait for a promise of another one.
    if (ON_WORKERD) return task(undefined).then(({ value }) => value);
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

  /** Plain `then`: with AsyncLocalStorage every promise counts twice. */
  #work<T>(
    key: string,
    task: (latest: StoredRecord | undefined) => Promise<Finished<T>>,
    latest: StoredRecord | undefined,
  ): Promise<T> {
    const failed = (error: unknown): never => {
      this.#next(key, undefined);
      throw error;
    };
    try {
      return task(latest).then((finished) => {
        this.#next(key, finished.latest);
        return finished.value;
      }, failed);
    } catch (error) {
      return failed(error);
    }
  }

  #next(key: string, left: StoredRecord | undefined): void {
    const next = this.#lines.get(key)?.shift();
    if (next) next(left);
    else this.#lines.delete(key);
  }
}
