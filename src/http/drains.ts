import type { NodeResponse } from './node-head.ts';

/**
 * Wakes those whom a held `write` told to wait.
 *
 * An outer wrapper may move 'drain' listeners to a stream of its own, as compression does, where no drain comes for
 * bytes that never filled it. So listeners are noted where `on` is somebody's own.
 */
export class Drains {
  readonly #response: NodeResponse;
  #noted: (() => void)[] | undefined;

  constructor(response: NodeResponse) {
    this.#response = response;
    if (Object.hasOwn(response, 'on')) this.#note();
  }

  wake(): void {
    const response = this.#response;
    const reached = this.#noted === undefined ? [] : response.listeners('drain');
    response.emit('drain');
    for (const listener of this.#noted ?? []) if (!reached.includes(listener)) listener.call(response);
  }

  #note(): void {
    const response = this.#response;
    const below = response.on;
    const noted: (() => void)[] = [];
    this.#noted = noted;
    response.on = function on(this: unknown, event, listener) {
      if (event === 'drain') noted.push(listener);
      return below.call(this, event, listener);
    };
  }
}
