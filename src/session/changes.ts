import type { Data } from '../codec/contract.ts';
import { own } from './data.ts';
import { applyOperation, type Operation } from './operations.ts';

/** Most requests change nothing, and then there is nothing to allocate. Never written to. */
const NONE: Map<string, Operation[]> = new Map();

/** Copies a value so that nobody else holds it. */
export type Copy = <T>(value: T) => T;

/** What a request wants to be said in meta, by its members; undefined takes one out. */
export type MetaPatch = Readonly<Record<string, unknown>>;

/**
 * What one request did to its session: operations a key in their order, after an optional wipe. Replayed over a newer
 * record they say what the request meant, where a copy of the whole session would undo what others did.
 */
export class Changes {
  /** Keys that a wipe leaves alone; undefined where nothing was wiped. */
  #kept: ReadonlySet<string> | undefined;
  #operations = NONE;
  /** Operations before the wipe of keys with a take among them: a wipe undoes no handing over. */
  #beforeWipe: Map<string, Operation[]> | undefined;
  #rotate = false;
  #permanent: boolean | undefined;
  #meta: MetaPatch | undefined;
  #stands = false;

  /** Nothing to store. */
  get empty(): boolean {
    return (
      this.#operations.size === 0 &&
      this.#kept === undefined &&
      !this.#rotate &&
      this.#permanent === undefined &&
      this.#meta === undefined
    );
  }

  /** The record must move to a new key. */
  get rotates(): boolean {
    return this.#rotate;
  }

  /** A value is to be handed over, so these changes must be replayed even over the record they were made on. */
  get takes(): boolean {
    if (this.#beforeWipe !== undefined) return true;
    for (const list of this.#operations.values()) if (list.some(isTake)) return true;
    return false;
  }

  /** The new value of `permanent`, where it was set. */
  get permanent(): boolean | undefined {
    return this.#permanent;
  }

  set permanent(value: boolean) {
    this.#permanent = value;
  }

  /** What is to be said in meta. */
  get meta(): MetaPatch | undefined {
    return this.#meta;
  }

  /**
   * Has it said in meta, over what was to be said there before.
   *
   * @param stands that it is said holds whatever became of the session it was done on
   */
  amend(patch: MetaPatch, stands: boolean): void {
    this.#meta = { ...this.#meta, ...patch };
    if (stands) this.#stands = true;
  }

  /** Somebody logs in, or half: nobody's authority but their own. */
  get stands(): boolean {
    return this.#stands;
  }

  add(key: string, operation: Operation): void {
    if (this.#operations === NONE) this.#operations = new Map();
    const before = this.#operations.get(key);
    // A set, and a delete, make whatever came before them on their key meaningless; a take must still happen.
    const overrides = (operation.kind === 'set' || operation.kind === 'delete') && before?.some(isTake) !== true;
    if (before === undefined || overrides) this.#operations.set(key, [operation]);
    else before.push(operation);
  }

  /** Takes one operation back, as if it had not been asked for; false where it is not here. */
  withdraw(key: string, operation: Operation): boolean {
    for (const operations of [this.#operations, this.#beforeWipe]) {
      const list = operations?.get(key);
      const at = list?.indexOf(operation) ?? -1;
      if (operations === undefined || list === undefined || at < 0) continue;
      list.splice(at, 1);
      if (list.length === 0 || (operations === this.#beforeWipe && !list.some(isTake))) operations.delete(key);
      if (this.#beforeWipe?.size === 0) this.#beforeWipe = undefined;
      return true;
    }
    return false;
  }

  /** Whether replaying could give the key another value than the one computed here, because it depends on the record. */
  depends(key: string): boolean {
    const list = this.#operations.get(key);
    return list?.some(({ kind }) => kind === 'update' || kind === 'default') === true;
  }

  /** Whether `value` itself will be stored under the key, with all that is done to it until then. */
  stores(key: string, value: object): boolean {
    const last = this.#operations.get(key)?.at(-1);
    return last?.kind === 'set' && last.value === value;
  }

  /** Gives the value of the last `set` a copy of its own before something is computed from it. */
  detach(key: string, copy: Copy): void {
    const list = this.#operations.get(key);
    const last = list?.at(-1);
    if (list !== undefined && (last?.kind === 'set' || last?.kind === 'default')) {
      list[list.length - 1] = { kind: last.kind, value: copy(last.value) };
    }
  }

  /** Every key of the record goes, except the kept ones. */
  wipe(kept: ReadonlySet<string>): void {
    for (const [key, list] of this.#operations) {
      if (kept.has(key)) continue;
      this.#operations.delete(key);
      if (list.some(isTake)) this.#keepTakes(key, list);
    }
    const before = this.#kept;
    this.#kept = before === undefined ? kept : new Set([...kept].filter((key) => before.has(key)));
  }

  #keepTakes(key: string, list: readonly Operation[]): void {
    this.#beforeWipe ??= new Map();
    const earlier = this.#beforeWipe.get(key) ?? [];
    const between: Operation[] = this.#wiped(key) ? [{ kind: 'delete' }] : [];
    this.#beforeWipe.set(key, [...earlier, ...between, ...list]);
  }

  #wiped(key: string): boolean {
    return this.#kept !== undefined && !this.#kept.has(key);
  }

  rotate(): void {
    this.#rotate = true;
  }

  /** Takes over all of `other`, which happened after what is here. */
  append(other: Changes): void {
    for (const [key, list] of other.#beforeWipe ?? []) for (const operation of list) this.add(key, operation);
    if (other.#kept !== undefined) this.wipe(other.#kept);
    for (const [key, list] of other.#operations) for (const operation of list) this.add(key, operation);
    if (other.#rotate) this.#rotate = true;
    if (other.#permanent !== undefined) this.#permanent = other.#permanent;
    if (other.#meta !== undefined) this.amend(other.#meta, other.#stands);
  }

  /** The data of a newer record after these changes; `current` itself stays as it is. */
  replay(current: Data, copy: Copy): Data {
    const result: Data = {};
    for (const [key, list] of this.#beforeWipe ?? []) run(list, own(current, key), copy);
    for (const [key, value] of Object.entries(current)) if (!this.#wiped(key)) result[key] = value;
    for (const [key, list] of this.#operations) {
      const value = run(list, own(result, key), copy);
      if (value === undefined) delete result[key];
      else result[key] = value;
    }
    return result;
  }

  /** What these changes made of the record has been stored. */
  tellStored(): void {
    for (const list of this.#operations.values()) {
      for (const operation of list) if (operation.kind === 'update') operation.stored?.();
    }
  }

  /** Whether something was done to this very key. */
  touches(key: string): boolean {
    return this.#operations.has(key);
  }

  /** The keys that were changed one by one. */
  keys(): Iterable<string> {
    return this.#operations.keys();
  }

  /** The keys among `candidates` that are written without regard to what stands there. */
  overwrites(candidates: Iterable<string>): string[] {
    const keys: string[] = [];
    for (const key of candidates) {
      const first = this.#operations.get(key)?.[0]?.kind;
      if (this.#wiped(key) || first === 'set' || first === 'delete') keys.push(key);
    }
    return keys;
  }
}

function isTake(operation: Operation): boolean {
  return operation.kind === 'take';
}

function run(list: readonly Operation[], value: unknown, copy: Copy): unknown {
  let result = value;
  for (const operation of list) result = applyOperation(operation, result, copy);
  return result;
}
