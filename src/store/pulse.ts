import { CoatcheckError } from '../errors.ts';

/** How long a store is left alone between two probes (ms). */
const PROBE_EVERY_MS = 1000;

/**
 * Whether a store answers at all. Once a deadline has passed with nothing answered, every call fails at once instead of
 * waiting for a deadline of its own, so that requests do not pile up (R90), and the store is asked once a second whether
 * it is back. Any answer brings it back, also a late one. An error that says "try again" is none; one that is final is.
 */
export class Pulse {
  readonly #probe: () => Promise<unknown>;
  #answers = 0;
  #stopped = false;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param probe asks the store anything that changes nothing */
  constructor(probe: () => Promise<unknown>) {
    this.#probe = probe;
  }

  /** To be kept by whoever begins to wait, for `missed`. */
  get mark(): number {
    return this.#answers;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  answered(): void {
    this.#answers++;
    if (this.#stopped) this.#resume();
  }

  /** A call ended with an error. */
  failed(error: unknown): void {
    if (!(error instanceof CoatcheckError) || (!error.retryable && error.code !== 'STORE_TIMEOUT')) this.answered();
  }

  /** A deadline passed; if nothing was answered since `mark`, nothing is being answered. */
  missed(mark: number): void {
    if (this.#stopped || this.#closed || mark !== this.#answers) return;
    this.#stopped = true;
    this.#ask();
  }

  /** Asks no more, whatever is missed by those who still wait. */
  close(): void {
    this.#closed = true;
    this.#resume();
  }

  #resume(): void {
    this.#stopped = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #ask(): void {
    this.#timer = setTimeout(() => this.#ask(), PROBE_EVERY_MS);
    this.#timer.unref?.();
    const heard = () => this.answered();
    try {
      this.#probe().then(heard, (error) => this.failed(error));
    } catch (error) {
      this.failed(error);
    }
  }
}

/** What a call meets while nothing is answered: it was never begun. */
export function storeDown(): CoatcheckError {
  return new CoatcheckError(
    'STORE_DOWN',
    'The session store does not answer, and is asked once a second whether it is back. Look at the store.',
    { outcome: 'none' },
  );
}
