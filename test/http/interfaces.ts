import type { HeaderChanges, SessionHooks, SessionInterface, SessionRequest } from '../../src/interface/contract.ts';

export type Plain = Record<string, unknown>;

/** A session interface for tests: plain objects in a Map, found by the cookie `id`; what it was told is in `log`. */
export class TestInterface implements SessionInterface<Plain> {
  readonly kept = new Map<string, Plain>();
  readonly log: string[] = [];
  readonly statuses: number[] = [];
  readonly hooks: SessionHooks[] = [];
  /** What the commit answers, or throws. */
  answer: () => HeaderChanges | Promise<HeaderChanges> = () => ({ setCookie: [], looked: false });
  opening: (request: SessionRequest) => Plain | undefined | Promise<Plain | undefined> = (request) =>
    this.find(request);
  isNull = (session: Plain): boolean => session.null === true;
  ambient = true;
  finish?: (session: Plain) => Promise<void> | undefined;
  watch?: (session: Plain, hooks: SessionHooks) => void;
  abandon?: (session: Plain) => Promise<void> | undefined;

  find(request: SessionRequest): Plain {
    const id = /(?:^|; )id=(\w+)/.exec(request.cookie ?? '')?.[1] ?? 'none';
    const session = this.kept.get(id) ?? {};
    this.kept.set(id, session);
    return session;
  }

  open(request: SessionRequest): Plain | undefined | Promise<Plain | undefined> {
    this.log.push('open');
    return this.opening(request);
  }

  commit(_session: Plain, { status }: { status: number }): HeaderChanges | Promise<HeaderChanges> {
    this.log.push('commit');
    this.statuses.push(status);
    return this.answer();
  }

  sent(_session: Plain, isPrivate: boolean): void {
    this.log.push(isPrivate ? 'sent private' : 'sent');
  }

  ended(): void {
    this.log.push('ended');
  }
}

/** A promise in the test's hands. */
export function held<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

export const cookie = (value = 'id=ann; Path=/'): HeaderChanges => ({ setCookie: [value], looked: true });

/** The next turn of the event loop, after what sockets had to tell. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
