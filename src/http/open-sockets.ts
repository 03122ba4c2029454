import type { Events } from '../events.ts';

/** A socket that lives as long as its session does. */
export interface OpenSocket {
  /** The session's handle; undefined for who has none and is known by the request alone. */
  readonly handle: string | undefined;
  /** Whether the session is still there, with the same user. Rejects where the store does not answer. */
  lives(): Promise<boolean>;
  end(): void;
}

/** How often a store may fail to answer before a socket is closed. */
const PATIENCE = 3;

/** The sockets of this process: closed when their sessions end here, and looked at in turn for those that end elsewhere. */
export class OpenSockets {
  readonly #open = new Map<OpenSocket, { missed: number }>();
  readonly #every: number;
  readonly #events: Events;
  #timer: ReturnType<typeof setInterval> | undefined;
  #unsubscribe: (() => void) | undefined;

  /** @param every ms */
  constructor(every: number, events: Events) {
    this.#every = every;
    this.#events = events;
  }

  /** Notes which sessions end here from now on, for a socket that is still being opened. */
  endings(): { has(handle: string | undefined): boolean; stop(): void } {
    const ended = new Set<string>();
    const stop = this.#events.onEnd((handle) => ended.add(handle));
    return { has: (handle) => handle !== undefined && ended.has(handle), stop };
  }

  /** Watches a socket; gives what stops it. */
  add(socket: OpenSocket): () => void {
    this.#open.set(socket, { missed: 0 });
    this.#unsubscribe ??= this.#events.onEnd((handle) => this.#ended(handle));
    this.#timer ??= setInterval(() => this.#recheck(), this.#every);
    (this.#timer as { unref?: () => void }).unref?.();
    return () => this.#remove(socket);
  }

  #remove(socket: OpenSocket): void {
    this.#open.delete(socket);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #end(socket: OpenSocket): void {
    this.#remove(socket);
    try {
      socket.end();
    } catch {
      // Somebody else's request ended the session, and must not fail for it.
    }
  }

  #ended(handle: string): void {
    for (const socket of [...this.#open.keys()]) if (socket.handle === handle) this.#end(socket);
  }

  /** All in one turn, so that their reads travel together. */
  #recheck(): void {
    for (const [socket, state] of this.#open) {
      socket.lives().then(
        (lives) => {
          state.missed = 0;
          if (!lives && this.#open.has(socket)) this.#end(socket);
        },
        () => {
          state.missed += 1;
          if (state.missed >= PATIENCE && this.#open.has(socket)) this.#end(socket);
        },
      );
    }
  }
}
