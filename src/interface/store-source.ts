import { CoatcheckError } from '../errors.ts';
import { PROBE, type Store } from '../store/contract.ts';
import { Pulse } from '../store/pulse.ts';
import { type ManyStore, TurnReads } from '../store/turn-reads.ts';
import { warnOnce } from '../warn.ts';

/** A store, a promise of one, or a function that opens one when it is first needed. */
export type StoreOption = Store | Promise<Store> | (() => Store | Promise<Store>);

/** Opens the store once, at `ready()` or with the first request that needs it; after a failure the next one tries again. */
export class StoreSource {
  readonly #option: Promise<Store> | (() => Store | Promise<Store>);
  readonly #accept: (store: Store) => void;
  /** Whether the store answers. */
  readonly pulse: Pulse = new Pulse(() => this.open().then((store) => store.read(PROBE)));
  #opened: Store | undefined;
  #reads: TurnReads | undefined;
  #opening: Promise<Store> | undefined;

  /**
   * @param accept throws for a store that cannot do what the options ask for
   * @throws CoatcheckError `OPTION_INVALID` for what is no store, and what `accept` throws
   */
  constructor(option: StoreOption, accept: (store: Store) => void = () => undefined) {
    this.#accept = accept;
    this.#option = typeof option === 'function' || isPromise(option) ? option : Promise.resolve(option);
    if (this.#option !== option) this.#opened = this.#checked(option);
    // Whoever needs the store hears of a failure; until then it must not count as an unhandled one.
    else if (isPromise(option)) option.then(undefined, () => undefined);
  }

  get opened(): Store | undefined {
    return this.#opened;
  }

  /** Reads of one turn, together; undefined until the store is open, and where it cannot. */
  get reads(): TurnReads | undefined {
    return this.#reads;
  }

  open(): Promise<Store> {
    if (this.#opened !== undefined) return Promise.resolve(this.#opened);
    this.#opening ??= this.#start().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Closes what was opened here, also what is being opened just now. A store that was handed in is its owner's. */
  async close(): Promise<void> {
    this.pulse.close();
    if (typeof this.#option !== 'function') return;
    const store = this.#opened ?? (await this.#opening?.catch(() => undefined));
    await store?.close?.();
  }

  async #start(): Promise<Store> {
    this.#opened = this.#checked(await (typeof this.#option === 'function' ? this.#option() : this.#option));
    return this.#opened;
  }

  #checked(given: unknown): Store {
    if (!isStore(given)) {
      throw new CoatcheckError(
        'OPTION_INVALID',
        "store must be a store of coatcheck's, such as memoryStore() or openSqlite({ database }), a promise of one, or a function that opens one. A store of express-session fits by fromExpressStore(store) of coatcheck/store/express.",
      );
    }
    this.#accept(given);
    warnUnlessAtomic(given);
    if (given.readMany !== undefined) this.#reads = new TurnReads(given as ManyStore, this.pulse);
    return given;
  }
}

/** What such a store cannot keep is told once, where somebody starts to rely on it. */
function warnUnlessAtomic({ capabilities }: Store): void {
  if (capabilities.atomic === 'store') return;
  const where = capabilities.atomic === 'process' ? 'within this process only' : 'nowhere';
  warnOnce(
    `COATCHECK_ATOMIC_${capabilities.atomic.toUpperCase()}`,
    `This session store compares and sets ${where}: beyond that, overlapping requests can lose a change (G1), and an ended session can come back (G2).`,
  );
}

const VERBS = ['read', 'create', 'update', 'touch', 'destroy', 'put'] as const;

function isStore(given: unknown): given is Store {
  if (typeof given !== 'object' || given === null) return false;
  const store = given as Partial<Store>;
  return typeof store.capabilities === 'object' && VERBS.every((verb) => typeof store[verb] === 'function');
}

function isPromise(given: StoreOption): given is Promise<Store> {
  return typeof (given as { then?: unknown } | null)?.then === 'function';
}
