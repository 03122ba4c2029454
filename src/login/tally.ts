import type { Clock } from '../clock.ts';
import type { Records } from '../interface/records.ts';

/** So many failures, and within which time (ms) they are counted together. */
export interface Bound {
  readonly failures: number;
  readonly within: number;
}

/** Counts failures by name. A window begins with the first one. */
export interface Tally {
  /** One more; how many there are now in the window. */
  add(name: string, bound: Bound): Promise<number>;
  /** One less: it was none. */
  takeBack(name: string, bound: Bound): Promise<void>;
}

interface Window {
  readonly count: number;
  /** ms since 1970 */
  readonly until: number;
}

/** As many names as a process counts at the same time; of more, those go that were counted longest ago. */
const MOST = 50_000;

/** In the memory of this process, bounded: strangers with many names and addresses fill nothing. */
export class MemoryTally implements Tally {
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async add(name: string, { within }: Bound): Promise<number> {
    const now = this.#clock.now();
    const before = this.#windows.get(name);
    const window = before === undefined || before.until <= now ? { count: 0, until: now + within } : before;
    this.#windows.delete(name);
    this.#windows.set(name, { ...window, count: window.count + 1 });
    for (const oldest of this.#windows.keys()) {
      if (this.#windows.size <= MOST) break;
      this.#windows.delete(oldest);
    }
    return window.count + 1;
  }

  async takeBack(name: string): Promise<void> {
    const window = this.#windows.get(name);
    if (window !== undefined) this.#windows.set(name, { ...window, count: Math.max(0, window.count - 1) });
  }
}

/** In the sessions' store: one count for all processes. A failed login then writes to it. */
export class StoredTally implements Tally {
  readonly #clock: Clock;
  readonly #records: Records<Window>;

  constructor(clock: Clock, records: Records<Window>) {
    this.#clock = clock;
    this.#records = records;
  }

  async add(name: string, { within }: Bound): Promise<number> {
    const now = this.#clock.now();
    const window = await this.#records.update(
      name,
      (before) =>
        before === undefined || before.until <= now
          ? { count: 1, until: now + within }
          : { ...before, count: before.count + 1 },
      { expiresIn: { ms: within } },
    );
    return window?.count ?? 1;
  }

  async takeBack(name: string, { within }: Bound): Promise<void> {
    await this.#records.update(name, (before) => before && { ...before, count: Math.max(0, before.count - 1) }, {
      expiresIn: { ms: within },
    });
  }
}
