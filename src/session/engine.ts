import type { Limits } from '../codec/bounds.ts';
import type { Data } from '../codec/contract.ts';
import type { StoredRecord } from '../store/contract.ts';
import type { Copy, MetaPatch } from './changes.ts';
import type { TextOf } from './handed.ts';
import type { Newborn, RequestState, Standing } from './request-state.ts';

/** What a session asks of its interface. */
export interface SessionEngine {
  readonly limits: Limits;
  readonly textOf: TextOf;
  /** The same for an object in a handler's hands; throws for one that has outgrown the bounds, before writing it out. */
  readonly heldText: TextOf;
  readonly copyOf: Copy;
  /** Decodes and judges a record on the first look; anything but a usable record changes the origin. */
  decode(session: RequestState): void;
  load(session: RequestState): Promise<void>;
  save(session: RequestState): Promise<void>;
  reload(session: RequestState): Promise<void>;
  /** A fresh copy of the data that a stored record holds. */
  storedData(record: StoredRecord): Data;
  handle(key: string): string;
  /** Carries out an end that was asked for when the answer had been given up. */
  endAbandoned(session: RequestState): void;
  /** Tells that something asked for will not be done (event `lost`); `keys`: of what, by default all that changed. */
  lost(session: RequestState, error: unknown, keys?: readonly string[]): void;
  /** Whether somebody is logged in, by whatever means, as the session stands now. */
  standing(session: RequestState): Standing;
  /** Of sessions with a store only: what is done for a visitor who comes back without a session. */
  readonly fostering?: Fostering;
}

/** Makes records beside the session of a request, and goes on with one of them in its place. */
export interface Fostering {
  /** Makes a record with no data that says this in its meta. */
  bear(session: RequestState, patch: MetaPatch): Promise<Newborn>;
  /** Deletes one that nobody is to have; a failure leaves a record without a ticket. */
  discard(session: RequestState, born: Newborn): Promise<void>;
  /** Whether the session that the last commit stored is still one. */
  lives(session: RequestState): Promise<boolean>;
  /** Ends the session of this key, and leaves what was to end with it to the one that takes its place. */
  supersede(session: RequestState, key: string): Promise<void>;
  /**
   * Deletes a record that sessions are linked to, and ends all of them.
   *
   * @param known the key of one of them, for stores that keep no owners
   */
  endLinked(session: RequestState, link: string, known?: string): Promise<void>;
  /**
   * Goes on with the session of this id; what was done so far is laid over it. False where there is none, or where the
   * session was ended meanwhile.
   */
  adopt(session: RequestState, id: string): Promise<boolean>;
}
