import {
  CoatcheckError,
  createSessions,
  type Session,
  type SessionEvent,
  type Sessions,
  type SessionsOptions,
} from '../../src/index.ts';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { type FakeClock, fakeClock } from '../../src/testing/index.ts';
import { Browser } from '../support/visit.ts';

const VERBS = ['read', 'create', 'update', 'touch', 'destroy', 'put'] as const;
type Verb = (typeof VERBS)[number];

/** A memory store that counts its calls, and holds or fails the ones a test names. */
export interface Watched {
  readonly store: Store;
  readonly calls: Verb[];
  /** Writes so far: all calls but reads. */
  writes(): number;
  /** The next call of the verb waits until the function given back is called. */
  hold(verb: Verb): () => void;
  /** The next calls of the verb throw what is given. */
  fail(verb: Verb, error: Error, times?: number): void;
}

export function watched(): Watched {
  const inner = memoryStore();
  const calls: Verb[] = [];
  const holds = new Map<Verb, Promise<void>>();
  const failures = new Map<Verb, Error[]>();
  const store = new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const verb = VERBS.find((known) => known === name);
      if (verb === undefined) return name === 'readMany' ? undefined : value.bind(target);
      return async (...args: unknown[]) => {
        calls.push(verb);
        const held = holds.get(verb);
        holds.delete(verb);
        await held;
        const failure = failures.get(verb)?.shift();
        if (failure !== undefined) throw failure;
        return Reflect.apply(value, target, args);
      };
    },
  });
  return {
    store,
    calls,
    writes: () => calls.filter((verb) => verb !== 'read').length,
    hold(verb) {
      let release = (): void => undefined;
      const held = new Promise<void>((done) => {
        release = done;
      });
      holds.set(verb, held);
      return release;
    },
    fail(verb, error, times = 1) {
      failures.set(
        verb,
        Array.from({ length: times }, () => error),
      );
    },
  };
}

/** What a broken store throws when certainly nothing was stored. */
export function broken(): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', 'The store is broken in this test.', { outcome: 'none' });
}

export interface Setup extends Watched {
  readonly sessions: Sessions;
  readonly browser: Browser<Session>;
  readonly clock: FakeClock;
  readonly heard: (type: string) => SessionEvent[];
}

export function setup(options: SessionsOptions = {}): Setup {
  const events: SessionEvent[] = [];
  const clock = fakeClock();
  const watch = watched();
  const sessions = createSessions({
    clock,
    store: watch.store,
    sweep: false,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return {
    ...watch,
    clock,
    sessions,
    browser: new Browser<Session>(sessions),
    heard: (type) => events.filter((event) => event.type === type),
  };
}

/** The session of a first request. */
export async function fresh(options: SessionsOptions = {}): Promise<Session> {
  return (await setup(options).browser.begin()).session;
}

/** The code of what `act` throws; undefined where it throws nothing. */
export function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof CoatcheckError ? error.code : String(error);
  }
}

/** The code of what a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error instanceof CoatcheckError ? error.code : String(error);
  }
}
