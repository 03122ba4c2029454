import type { NodeResponse } from './node-head.ts';

/**
 * Wakes those whom a held `write` told to wait.
 *
 * An outer wrapper may move 'drain' listeners to a stream of its own, as compression does, where no drain comes for
 * bytes that never filled it. So listeners are noted where `on` is somebody's own.
 */
export class Drains {
  readonly #response: NodeResponse;
  readonly #noted: (() => void)[] = [];

  constructor(response: NodeResponse) {
    this.#response = response;
    const below = response.on;
    const noted = this.#noted;
    response.on = function on(this: unknown, event, listener) {
      if (event === 'drain') noted.push(listener);
      return below.call(this, event, listener);
    };
  }

  /** Undefined where `on` is Node's. */
  static of(response: NodeResponse): Drains | undefined {
    return Object.hasOwn(response, 'on') ? new Drains(response) : undefined;
  }

  wake(): void {
    const response = this.#response;
    const reached = response.listeners('drain');
    response.emit('drain');
    for (const listener of this.#noted) if (!reached.includes(listener)) listener.call(response);
  }
}

/** Wakes whoever waits, of those that were noted and of others. */
export function wake(response: NodeResponse, drains: Drains | undefined): void {
  if (drains === undefined) response.emit('drain');
  else drains.wake();
}
