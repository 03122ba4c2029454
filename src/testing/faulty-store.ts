import { CoatcheckError } from '../errors.ts';
import type { Capabilities, Store, StoredRecord } from '../store/contract.ts';

/** A store's verb, or `'*'` for whichever comes. */
export type Verb =
  | 'read'
  | 'readMany'
  | 'create'
  | 'update'
  | 'touch'
  | 'destroy'
  | 'put'
  | 'listOwned'
  | 'forget'
  | 'sweep'
  | 'scan';

/**
 * What goes wrong with one call.
 *
 * - `'fail'`: not done; a retryable error that says `outcome: 'none'`
 * - `'break'`: not done; an error that is not retryable, `outcome: 'none'`
 * - `'lose-request'`: not done; a retryable error that says `outcome: 'unknown'`
 * - `'lose-answer'`: done; the same error, so that the caller cannot tell the two apart
 * - `'hang'`: not done, and never answered
 * - `'hang-after'`: done, and never answered
 * - `'twice'`: done twice, one after the other, and the second answer given: a driver that sends again
 * - `'stale'`: a read answers what the last read of that key through this store answered, or nothing if there was none
 * - `{ before }`: done only after the promise: a slow way there
 * - `{ after }`: done at once, answered only after the promise: a slow way back
 * - `{ again }`: done and answered, and done once more after the promise: a delayed duplicate
 * - an `Error`: not done; this error
 */
export type Fault =
  | 'fail'
  | 'break'
  | 'lose-request'
  | 'lose-answer'
  | 'hang'
  | 'hang-after'
  | 'twice'
  | 'stale'
  | { readonly before: Promise<unknown> }
  | { readonly after: Promise<unknown> }
  | { readonly again: Promise<unknown> }
  | Error;

/** A call that reached the faulty store. */
export interface StoreCall {
  readonly verb: Verb;
  /** The key, where the verb has one. */
  readonly key: string | undefined;
  /** 1 for the first call of this verb. */
  readonly nth: number;
  readonly fault: Fault | undefined;
}

export interface FaultyStore extends Store {
  /** Every call so far, in its order. */
  readonly calls: readonly StoreCall[];
  /** The next calls of a verb go wrong like this, one fault each; undefined lets a call through. Added to what was there. */
  next(verb: Verb | '*', ...faults: readonly (Fault | undefined)[]): void;
  /** Every call of a verb goes wrong like this from now on; undefined ends it. */
  always(verb: Verb | '*', fault: Fault | undefined): void;
  /** Forgets the faults to come and the calls so far. */
  reset(): void;
}

/** Decides for each call, after `next` and `always` had their say; for random plans. */
export type FaultPlan = (call: Omit<StoreCall, 'fault'>) => Fault | undefined;

/**
 * A store on which calls go wrong as the test says: to see that sessions lose nothing when they do.
 *
 * @param store what does the work; its capabilities and verbs are the faulty store's
 *
 * @example
 * const faulty = faultyStore(memoryStore());
 * faulty.next('update', 'lose-answer');
 * await session.save();
 * faulty.calls.filter((call) => call.verb === 'update').length; // 2
 */
export function faultyStore(store: Store, plan: FaultPlan = () => undefined): FaultyStore {
  const faults = new Faults(store, plan);
  return {
    get capabilities(): Capabilities {
      return store.capabilities;
    },
    get calls() {
      return faults.calls;
    },
    next: (verb, ...given) => faults.next(verb, given),
    always: (verb, fault) => faults.always(verb, fault),
    reset: () => faults.reset(),
    read: (key) => faults.read(key),
    create: (key, ...rest) => faults.run('create', key, () => store.create(key, ...rest)),
    update: (key, ...rest) => faults.run('update', key, () => store.update(key, ...rest)),
    touch: (key, ...rest) => faults.run('touch', key, () => store.touch(key, ...rest)),
    destroy: (key, ...rest) => faults.run('destroy', key, () => store.destroy(key, ...rest)),
    put: (key, ...rest) => faults.run('put', key, () => store.put(key, ...rest)),
    ...optional(store.readMany, (readMany) => ({
      readMany: (keys: readonly string[]) => faults.run('readMany', undefined, () => readMany.call(store, keys)),
    })),
    ...optional(store.serverOf, (serverOf) => ({ serverOf: (key: string) => serverOf.call(store, key) })),
    ...optional(store.listOwned, (listOwned) => ({
      listOwned: (owner: string) => faults.run('listOwned', undefined, () => listOwned.call(store, owner)),
    })),
    ...optional(store.forget, (forget) => ({
      forget: (owner: string, key: string) => faults.run('forget', key, () => forget.call(store, owner, key)),
    })),
    ...optional(store.sweep, (sweep) => ({
      sweep: (now: number, limit: number) => faults.run('sweep', undefined, () => sweep.call(store, now, limit)),
    })),
    ...optional(store.scan, (scan) => ({
      scan: (cursor: string | undefined, limit: number) =>
        faults.run('scan', undefined, () => scan.call(store, cursor, limit)),
    })),
    ...optional(store.close, (close) => ({ close: () => close.call(store) })),
  };
}

function optional<M, T>(method: M | undefined, wrap: (method: M) => T): T | undefined {
  return method === undefined ? undefined : wrap(method);
}

class Faults {
  readonly #store: Store;
  readonly #plan: FaultPlan;
  readonly #next = new Map<string, (Fault | undefined)[]>();
  readonly #always = new Map<string, Fault>();
  readonly #counts = new Map<Verb, number>();
  readonly #lastRead = new Map<string, StoredRecord | undefined>();
  calls: StoreCall[] = [];

  constructor(store: Store, plan: FaultPlan) {
    this.#store = store;
    this.#plan = plan;
  }

  next(verb: Verb | '*', faults: readonly (Fault | undefined)[]): void {
    this.#next.set(verb, [...(this.#next.get(verb) ?? []), ...faults]);
  }

  always(verb: Verb | '*', fault: Fault | undefined): void {
    if (fault === undefined) this.#always.delete(verb);
    else this.#always.set(verb, fault);
  }

  reset(): void {
    this.#next.clear();
    this.#always.clear();
    this.#counts.clear();
    this.calls = [];
  }

  async read(key: string): Promise<StoredRecord | undefined> {
    const known = this.#lastRead.get(key);
    const record = await this.run(
      'read',
      key,
      () => this.#store.read(key),
      async () => known,
    );
    this.#lastRead.set(key, record);
    return record;
  }

  async run<T>(
    verb: Verb,
    key: string | undefined,
    call: () => Promise<T>,
    stale: () => Promise<T> = call,
  ): Promise<T> {
    const fault = this.#take(verb, key);
    if (fault === undefined) return call();
    if (fault instanceof Error) throw fault;
    if (typeof fault === 'object') {
      if ('before' in fault) await fault.before;
      const answer = await call();
      if ('after' in fault) await fault.after;
      if ('again' in fault) void fault.again.then(call).catch(() => undefined);
      return answer;
    }
    switch (fault) {
      case 'fail':
        throw failure(verb, true, 'none');
      case 'break':
        throw failure(verb, false, 'none');
      case 'lose-request':
        throw failure(verb, true, 'unknown');
      case 'lose-answer':
        await call();
        throw failure(verb, true, 'unknown');
      case 'hang':
        return new Promise<T>(() => undefined);
      case 'hang-after':
        await call();
        return new Promise<T>(() => undefined);
      case 'twice':
        await call();
        return call();
      case 'stale':
        return stale();
    }
  }

  #take(verb: Verb, key: string | undefined): Fault | undefined {
    const nth = (this.#counts.get(verb) ?? 0) + 1;
    this.#counts.set(verb, nth);
    const line = [this.#next.get(verb), this.#next.get('*')].find(
      (faults) => faults !== undefined && faults.length > 0,
    );
    const fault = line
      ? line.shift()
      : (this.#always.get(verb) ?? this.#always.get('*') ?? this.#plan({ verb, key, nth }));
    this.calls.push({ verb, key, nth, fault });
    return fault;
  }
}

function failure(verb: Verb, retryable: boolean, outcome: 'none' | 'unknown'): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', `Faulty store: ${verb} failed because the test says so.`, {
    retryable,
    outcome,
  });
}
