import type { Data, DecodedRecord } from '../codec/contract.ts';
import { CoatcheckError } from '../errors.ts';
import type { StoredRecord } from '../store/contract.ts';
import { Changes, type MetaPatch } from './changes.ts';
import { isMutable, own } from './data.ts';
import type { SessionEngine } from './engine.ts';
import { Handed } from './handed.ts';
import { applyOperation, type Operation, type Updater } from './operations.ts';
import { type Ending, type Origin, RequestState } from './request-state.ts';
import { checkKey, checkValue } from './value-check.ts';
import { refuseLateLook } from './wire.ts';

export type { Ending, Origin, SessionEngine };

/** One request's session: what was found, what the handler sees, what it did. Handlers hold it through `dictionary`. */
export class RequestSession extends RequestState {
  readonly engine: SessionEngine;
  changes: Changes = new Changes();
  readonly handed: Handed = new Handed();
  #data: Data | undefined;
  /** A commit is writing `#data`, so a change needs another object. */
  #shared = false;
  /** What a commit under way has taken; undefined too where the session was ended or read again meanwhile. */
  #inFlight: Changes | undefined;
  /** The key of a record that this request made, whose ticket nobody has seen until the head leaves. */
  #unseen: string | undefined;
  #touched = false;

  constructor(engine: SessionEngine, origin: Origin) {
    super(origin);
    this.engine = engine;
  }

  /** The data as the handler sees it, without counting as a look. */
  peek(): Data {
    if (this.#data === undefined) {
      if (this.origin.kind === 'record' && this.origin.decoded === undefined) this.engine.decode(this);
      const { origin } = this;
      if (origin.kind === 'failed' && !this.readOnly) throw origin.error;
      if (origin.kind === 'unloaded' || this.mustLoad) {
        throw new CoatcheckError(
          'SESSION_NOT_LOADED',
          'This session is loaded lazily: await session.load() before using it.',
        );
      }
      this.#data = origin.kind === 'record' && origin.decoded !== undefined ? origin.decoded.data : {};
    }
    return this.#data;
  }

  /** A handler uses the session. */
  look(): Data {
    if (!this.accessed) {
      if (this.wire !== 'open' && !this.privateHead) refuseLateLook();
      this.accessed = true;
    }
    return this.peek();
  }

  /** The data for a change to be made in. */
  #write(): Data {
    if (this.wire === 'ended') this.refuseLate(false);
    const data = this.look();
    this.refuseLate(this.onlyByCookie || this.origin.kind === 'none' || this.cookie === 'delete');
    if (this.readOnly) {
      throw new CoatcheckError(
        'SESSION_READ_ONLY',
        'The session store is not reachable, so this session cannot be changed. Try again later.',
      );
    }
    return this.#apart(data);
  }

  /** The data, in an object that no commit is writing. */
  #apart(data: Data): Data {
    if (!this.#shared) return data;
    this.#shared = false;
    this.#data = { ...data };
    return this.#data;
  }

  #changed(): void {
    if (!this.#touched) {
      this.#touched = true;
      this.onChanged?.();
    }
    if (this.wire === 'sent') this.onLate?.();
  }

  get(key: string): unknown {
    const value = own(this.look(), key);
    if (isMutable(value)) this.#hand(key, value);
    return value;
  }

  #hand(key: string, value: object): void {
    if (!this.changes.stores(key, value)) this.handed.give(key, value, this.engine.heldText);
    if (!this.#touched) this.#changed();
    else if (this.wire === 'sent') this.onLate?.();
  }

  has(key: string): boolean {
    return Object.hasOwn(this.look(), key);
  }

  /** Checks one value as a `set` does; undefined as a `delete` does. */
  check(key: string, value: unknown): void {
    if (value === undefined) checkKey(key);
    else checkValue(key, value, this.engine.limits, this.engine.textOf);
  }

  set(key: string, value: unknown): void {
    const data = this.#write();
    if (value === undefined) {
      this.delete(key);
      return;
    }
    this.check(key, value);
    if (this.#stands(data, key, value)) return;
    this.#replace(data, key, value);
    this.changes.add(key, { kind: 'set', value });
    this.#changed();
  }

  /** The same plain value, or the very object whose edits are noticed: setting it again is no change. */
  #stands(data: Data, key: string, value: unknown): boolean {
    if (!Object.is(own(data, key), value) || this.#depends(key)) return false;
    return !isMutable(value) || this.changes.stores(key, value) || this.handed.holds(key, value);
  }

  /** The value that is seen is provisional: what is stored depends on the record. */
  #depends(key: string): boolean {
    return this.changes.depends(key) || this.#inFlight?.depends(key) === true;
  }

  /** The view of one key becomes `value`; what the handler held of it before no longer counts. */
  #replace(data: Data, key: string, value: unknown): void {
    this.handed.drop(key);
    if (value === undefined) delete data[key];
    else data[key] = value;
  }

  delete(key: string): boolean {
    const data = this.#write();
    checkKey(key);
    const there = Object.hasOwn(data, key);
    if (!there && !this.#depends(key)) return false;
    this.#replace(data, key, undefined);
    this.changes.add(key, { kind: 'delete' });
    this.#changed();
    return there;
  }

  setDefault(key: string, value: unknown): unknown {
    const data = this.#write();
    if (Object.hasOwn(data, key)) return this.get(key);
    this.check(key, value);
    if (value === undefined) return undefined;
    this.#replace(data, key, value);
    this.changes.add(key, { kind: 'default', value });
    this.#changed();
    return this.get(key);
  }

  /** @param stored called when what `fn` made last has been stored */
  update(key: string, fn: Updater, stored?: () => void): void {
    const data = this.#write();
    checkKey(key);
    const { copyOf } = this.engine;
    // What the handler edited in place came before this update, and must be in the log before it.
    this.recordEdits(key);
    const value = applyOperation({ kind: 'update', fn }, own(data, key), copyOf);
    if (value !== undefined) this.check(key, value);
    this.changes.detach(key, copyOf);
    this.#replace(data, key, value);
    this.changes.add(key, { kind: 'update', fn, stored });
    this.#changed();
  }

  clear(): void {
    this.#wipe(new Set());
  }

  #wipe(kept: ReadonlySet<string>): void {
    const data = this.#write();
    for (const key of Object.keys(data)) if (!kept.has(key)) this.#replace(data, key, undefined);
    this.changes.wipe(kept);
    this.#changed();
  }

  /** A new id with the commit, keeping the data named. */
  regenerate(keep: boolean | readonly string[]): void {
    this.#write();
    this.refuseLate(true);
    this.recordEdits();
    if (keep !== true) this.#wipe(new Set(keep === false ? [] : keep));
    this.changes.rotate();
    this.#changed();
  }

  /** What meta is to say of who the visitor is, with the commit; undefined takes a member out. `stands`: come what may. */
  amend(patch: MetaPatch, stands = false): void {
    this.#write();
    this.changes.amend(patch, stands);
    this.amended = { ...this.amended, ...patch };
    this.#changed();
  }

  get permanent(): boolean {
    this.look();
    const stored = this.origin.kind === 'record' && this.origin.decoded?.meta.permanent === true;
    return this.changes.permanent ?? stored;
  }

  set permanent(value: boolean) {
    this.#write();
    if (value === this.permanent) return;
    this.refuseLate(true);
    this.changes.permanent = value;
    this.#changed();
  }

  /** Deletes a key so that of all overlapping requests one gets it; the commit tells the value. */
  take(key: string, taken: (value: unknown) => void): Operation {
    const data = this.#write();
    checkKey(key);
    this.recordEdits(key);
    const operation: Operation = { kind: 'take', taken };
    this.#replace(data, key, undefined);
    this.changes.add(key, operation);
    this.#changed();
    return operation;
  }

  /** A take that failed must not delete later what nobody got. */
  untake(key: string, operation: Operation): void {
    if (!this.changes.withdraw(key, operation) || this.#data === undefined) return;
    const value = own(this.changes.replay(this.#stored(), this.engine.copyOf), key);
    if (value !== undefined) this.#apart(this.#data)[key] = value;
  }

  /** Ends the session with the commit, and what else it is given. No look: it works with a store that does not answer. */
  destroy(...also: Ending['also']): void {
    // A logout is carried out also where its browser has gone away.
    const abandoned = this.wire === 'abandoned';
    if (!abandoned) this.refuseLate(false);
    const { origin } = this;
    if (this.ending === undefined) {
      const record = origin.kind === 'record' ? origin.record : undefined;
      const key = origin.kind === 'none' || origin.kind === 'closed' ? undefined : origin.key;
      this.ending = { key, sent: this.#sent(key), record, unchecked: origin.kind === 'unloaded', also };
    } else if (also.length > 0) {
      this.ending = { ...this.ending, also: [...this.ending.also, ...also] };
    }
    this.#endHere();
    this.readOnly = false;
    this.forgetChanges({});
    this.#changed();
    if (abandoned) this.engine.endAbandoned(this);
  }

  /**
   * Ends the record that was found, unasked, without a deletion: a slow one would hit the cookie of a login beside it.
   * Whoever showed its ticket sees nothing of it any more.
   *
   * @param end false: only that, where it counts for nothing by itself
   */
  expel(end: boolean = true): void {
    if (this.origin.kind !== 'record') return;
    const { key, record } = this.origin;
    if (end) this.ending = { key, sent: true, record, unchecked: false, also: [] };
    this.origin = { kind: 'none' };
    this.identity = undefined;
    this.forgetChanges({});
    if (this.cookie === 'set') this.cookie = 'none';
    this.onChanged?.();
    if (this.wire === 'sent') this.onLate?.();
  }

  #endHere(): void {
    this.origin = { kind: 'none' };
    this.cookie = 'delete';
  }

  /** Whether the browser may hold the ticket of a record. */
  #sent(key: string | undefined): boolean {
    return key === undefined || key !== this.#unseen || this.wire !== 'open';
  }

  /** Starts over from `data`; nothing of what the handler did before counts any more. */
  forgetChanges(data: Data | undefined): void {
    this.changes = new Changes();
    this.handed.clear();
    this.#inFlight = undefined;
    this.#shared = false;
    this.#data = data;
    this.amended = undefined;
    this.participants = this.participants.filter(({ own }) => !own);
  }

  /** Goes on with another record of the same visitor; what the handler did so far is laid over it. */
  adopt(origin: Extract<Origin, { kind: 'record' }>, id: string): void {
    this.recordEdits();
    this.handed.clear();
    this.origin = origin;
    this.id = id;
    this.cookie = 'set';
    this.isNew = false;
    this.#data = undefined;
    this.#data = this.#rebased(this.peek());
  }

  /** Turns edits made in place, of one key or of all, into changes. */
  recordEdits(only?: string): void {
    if (this.handed.size > 0) this.#record(this.handed.edited(this.engine.heldText, () => this.#stored(), only));
  }

  #record(edits: [key: string, value: object][]): void {
    for (const [key, value] of edits) {
      this.handed.drop(key);
      this.changes.add(key, { kind: 'set', value });
      if (this.#data !== undefined && this.#data[key] !== value) this.#apart(this.#data)[key] = value;
    }
  }

  #stored(): Data {
    const { origin } = this;
    return origin.kind === 'record' ? this.engine.storedData(origin.record) : {};
  }

  /** Whether a commit would have something to store. */
  get modified(): boolean {
    this.recordEdits();
    return this.ending !== undefined || !this.changes.empty;
  }

  /** Hands the changes to a commit; those made while it runs are collected anew. */
  takeChanges(): Changes {
    this.recordEdits();
    const taken = this.changes;
    this.changes = new Changes();
    this.#inFlight = taken;
    this.#shared = true;
    return taken;
  }

  /** A commit failed and stored nothing: its changes are still to be made, before the later ones. */
  giveBack(taken: Changes): void {
    // What was done before the session was ended, or read again, is not wanted any more.
    if (this.#inFlight !== taken) return;
    this.#inFlight = undefined;
    taken.append(this.changes);
    this.changes = taken;
  }

  /** A commit stored `record`; the handler's view follows, with what it did meanwhile. */
  committed(key: string, record: StoredRecord, decoded: DecodedRecord, taken: Changes): void {
    const { origin } = this;
    if (key !== (origin.kind === 'record' ? origin.key : this.ending?.key)) this.#unseen = key;
    if (this.#inFlight !== taken) {
      this.#endedMeanwhile(key, record);
      return;
    }
    this.#inFlight = undefined;
    const { data } = decoded;
    const { handed } = this;
    const { heldText } = this.engine;
    // Of what was stored itself the edits made meanwhile show against the new record, of the rest against the old one.
    if (handed.size > 0) this.#record(handed.edited(heldText, () => this.#stored(), undefined, data));
    if (origin.kind === 'none') this.isNew = true;
    this.origin = { kind: 'record', key, record, decoded };
    const view = data === this.#data ? data : this.#rebased(data);
    if (handed.size > 0) handed.settle(data, view, heldText);
    for (const name of taken.keys()) {
      const value = own(data, name);
      if (isMutable(value) && own(view, name) === value) handed.stored(name, value);
    }
    this.#data = view;
    taken.tellStored();
  }

  /** What the handler did meanwhile, over what was stored. */
  #rebased(data: Data): Data {
    this.#shared = false;
    try {
      return this.changes.replay(data, this.engine.copyOf);
    } catch {
      // An update that cannot be made over the newer record fails at its own commit; this one is stored.
      return { ...data };
    }
  }

  /** The handler ended the session while a commit was storing it: that record must go too. */
  #endedMeanwhile(key: string, record: StoredRecord): void {
    if (this.ending === undefined) return;
    this.ending = { ...this.ending, key, sent: this.#sent(key), record, unchecked: false };
    this.#endHere();
  }
}
