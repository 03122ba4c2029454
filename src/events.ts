import { channel as channelOf } from 'node:diagnostics_channel';

/** What coatcheck tells about sessions, in the order of a session's life. */
export const SESSION_EVENT_TYPES = [
  'created',
  'loaded',
  'committed',
  'conflict',
  'overwritten',
  'gone',
  'rejected',
  'expired',
  'rotated',
  'destroyed',
  'abandoned',
  'lost',
  'clock',
  'store-error',
] as const;

/** What it tells about users, in the order of a login's life (Flask-Login's nine signals, and two more). */
export const LOGIN_EVENT_TYPES = [
  'logged-in',
  'logged-out',
  'login-confirmed',
  'login-failed',
  'loaded-from-cookie',
  'loaded-from-request',
  'user-accessed',
  'unauthorized',
  'needs-refresh',
  'session-protected',
  'reused',
] as const;

export type SessionEventType = (typeof SESSION_EVENT_TYPES)[number] | (typeof LOGIN_EVENT_TYPES)[number];

const EVERY: readonly SessionEventType[] = [...SESSION_EVENT_TYPES, ...LOGIN_EVENT_TYPES];

/**
 * Why. `rejected`: a cookie that was `malformed`, `doubled` or `oversized`, a ticket that led to nothing (`unknown`) or
 * was `revoked`, a record that is `unreadable`, `newer` than this version, does not fit the `schema` or is bound to another
 * `address`. `session-protected`: the session came from another `address`, or its user has another session `version`.
 * `reused`: a remember cookie that had been replaced was shown again (theft, R97). `clock`: a stored time that is `ahead` of ours and counts as now, or so far ahead that it makes the record `unusable`.
 */
export type EventReason =
  | 'malformed'
  | 'doubled'
  | 'oversized'
  | 'unknown'
  | 'revoked'
  | 'unreadable'
  | 'newer'
  | 'schema'
  | 'address'
  | 'version'
  | 'ahead'
  | 'unusable';

/** One thing that happened to a session. Safe to log: it names sessions by handle, never by id, key or cookie. */
export interface SessionEvent {
  readonly type: SessionEventType;
  /** Milliseconds since 1970, by the injected clock. */
  readonly at: number;
  /** The session's public name, where there is a record. */
  readonly handle?: string | undefined;
  /** Who sent the request, where one is served and its address is known: an IP address and nothing else. */
  readonly address?: string | undefined;
  readonly reason?: EventReason | undefined;
  /** The top-level keys of the session that are concerned. */
  readonly keys?: readonly string[] | undefined;
  /** Who, by the id that the application gave, with what login tells. */
  readonly user?: string | undefined;
  /** The store's verb, with `store-error`. */
  readonly verb?: string | undefined;
  readonly error?: unknown;
}

/** Everything of an event but its type, its time and whose request it was. */
export type EventDetails = Omit<SessionEvent, 'type' | 'at' | 'address'>;

/** Whoever knows whose request is served; asked only where somebody listens. */
export interface Addressed {
  readonly address: string | undefined;
}

const channels = new Map(EVERY.map((type) => [type, channelOf(`coatcheck:${type}`)]));

const published = [...channels.values()];

/**
 * The one emitter: `onEvent` and the diagnostics channels `coatcheck:<type>` hear the same events. An event nobody
 * listens to is never built, and a listener that throws breaks no request.
 */
export class Events {
  readonly #listener: ((event: SessionEvent) => void) | undefined;
  readonly #now: () => number;
  readonly #ends = new Set<(handle: string) => void>();

  constructor(listener: ((event: SessionEvent) => void) | undefined, now: () => number) {
    this.#listener = listener;
    this.#now = now;
  }

  /** Whether anybody listens. */
  get heard(): boolean {
    return this.#listener !== undefined || published.some(({ hasSubscribers }) => hasSubscribers);
  }

  /** Hears of sessions that this process ends, whoever listens to events; gives what stops it. */
  onEnd(listener: (handle: string) => void): () => void {
    this.#ends.add(listener);
    return () => void this.#ends.delete(listener);
  }

  emit(type: SessionEventType, details: () => EventDetails, client?: Addressed): void {
    if (type === 'destroyed' && this.#ends.size > 0) {
      const { handle } = details();
      if (handle !== undefined) for (const listener of this.#ends) listener(handle);
    }
    const channel = channels.get(type);
    const heard = channel?.hasSubscribers === true;
    if (this.#listener === undefined && !heard) return;
    const event: SessionEvent = { type, at: this.#now(), address: client?.address, ...details() };
    // A subscriber that throws is reported by node:diagnostics_channel itself, on a later tick.
    if (heard) channel?.publish(event);
    try {
      const answer: unknown = this.#listener?.(event);
      // R105: a listener cannot break the request, nor end the process by a promise of its own.
      (answer as PromiseLike<unknown> | undefined)?.then?.(undefined, () => undefined);
    } catch {
      // R105, as above.
    }
  }
}
