import { setMaxListeners } from 'node:events';
import { givenUp } from './mongodb-errors.ts';

/** Beyond this a timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Into how many parts the time is divided within which calls share a signal. */
const PARTS = 8;

/**
 * Signals that end what is not answered in time, so that nothing that was given up is sent later: a driver keeps a
 * command until it knows a server, and until a connection is free.
 *
 * Calls of about the same moment share one signal and one timer: one of its own for each of them would be dear.
 */
export class Patience {
  readonly #ms: number;
  #signal: AbortSignal | undefined;
  #until = 0;

  /** @param ms how long a call may take, and an eighth longer */
  constructor(ms: number) {
    this.#ms = ms;
  }

  signal(): AbortSignal {
    const now = performance.now();
    if (this.#signal !== undefined && now < this.#until) return this.#signal;
    const part = this.#ms / PARTS;
    const controller = new AbortController();
    // Node 20 warns of more than ten, and each call that is under way has several.
    setMaxListeners(0, controller.signal);
    const timer = setTimeout(() => controller.abort(givenUp()), Math.min(this.#ms + part, LONGEST_TIMER_MS));
    (timer as { unref?: () => void }).unref?.();
    this.#until = now + part;
    this.#signal = controller.signal;
    return this.#signal;
  }
}
