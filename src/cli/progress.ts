import type { Sink } from './io.ts';
import { number, span } from './text.ts';

/** How often the bar is drawn anew (ms). */
const EVERY_MS = 100;
const BAR = 24;
const CLEAR = '\r\u001b[K';

/** A bar in the last line of a terminal. Where nobody would see it, nothing is written. */
export class Progress {
  readonly #sink: Sink | undefined;
  readonly #now: () => number;
  readonly #what: string;
  readonly #total: number | undefined;
  readonly #already: number;
  readonly #began: number;
  #drawn = Number.NEGATIVE_INFINITY;

  /**
   * @param total undefined where nobody counted: then there is a number and no bar
   * @param already what an earlier run has done
   */
  constructor(sink: Sink | undefined, now: () => number, what: string, total: number | undefined, already: number) {
    this.#sink = sink;
    this.#now = now;
    this.#what = what;
    this.#total = total;
    this.#already = already;
    this.#began = now();
  }

  /** @param done of the whole, earlier runs included */
  at(done: number): void {
    const now = this.#now();
    if (this.#sink === undefined || now - this.#drawn < EVERY_MS) return;
    this.#drawn = now;
    const width = (this.#sink.columns ?? 80) - 1;
    this.#sink.write(`${CLEAR}${this.#text(done, now - this.#began).slice(0, width)}`);
  }

  /** Takes the bar away: what follows is the result. */
  end(): void {
    if (this.#drawn >= 0) this.#sink?.write(CLEAR);
  }

  #text(done: number, ms: number): string {
    const rate = ms > 0 ? ((done - this.#already) * 1000) / ms : 0;
    const speed = `${number(Math.round(rate))}/s`;
    if (this.#total === undefined) return `${this.#what}  ${number(done)}  ${speed}`;
    // What was written meanwhile is walked over too, and more than all cannot be done.
    const total = Math.max(this.#total, done);
    const share = total === 0 ? 1 : done / total;
    const filled = Math.floor(share * BAR);
    const bar = `${'#'.repeat(filled)}${'-'.repeat(BAR - filled)}`;
    const left = rate > 0 ? `  ${span(((total - done) * 1000) / rate)} left` : '';
    const percent = `${Math.floor(share * 100)}`.padStart(3);
    return `${this.#what}  [${bar}] ${percent} %  ${number(done)} of ${number(total)}  ${speed}${left}`;
  }
}
