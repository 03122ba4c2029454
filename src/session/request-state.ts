import type { ReadRecord } from '../codec/untouched.ts';
import type { StoredRecord } from '../store/contract.ts';
import type { MetaPatch } from './changes.ts';
import { refuseLateChange, type Wire } from './wire.ts';

/** Where a session comes from. */
export type Origin =
  /** No record: no cookie, or one that led to nothing. */
  | { readonly kind: 'none' }
  /** A ticket whose record has not been asked for yet (`load: 'lazy'`). */
  | { readonly kind: 'unloaded'; readonly key: string }
  | { readonly kind: 'record'; readonly key: string; readonly record: StoredRecord; decoded: ReadRecord | undefined }
  /** Rotated away or ended a moment ago. */
  | { readonly kind: 'closed'; readonly key: string }
  /** The store did not answer. */
  | { readonly kind: 'failed'; readonly key: string; readonly error: Error };

/** What `destroy` leaves for the commit to do. */
export interface Ending {
  /** The record to end; undefined where only the cookie goes. */
  readonly key: string | undefined;
  /** The browser may hold the ticket, so the record is closed instead of deleted. */
  readonly sent: boolean;
  /** The record as it was read: it says whose it is, and what ends with it. */
  readonly record: StoredRecord | undefined;
  /** Nobody has looked up yet whether there is such a record. */
  readonly unchecked: boolean;
  /** What ends with it, beside what the record says. */
  readonly also: readonly (() => Promise<void>)[];
}

/** `'moving'`: somebody is, and the id that the session will have then is made by the next commit. */
export type Standing = 'nobody' | 'somebody' | 'moving';

/** What is known of the request that a session serves. */
export interface ServedRequest {
  /** Upper case as on the wire. */
  readonly method: string;
  /** The Cookie header as received. */
  readonly cookie: string | undefined;
  /** Scheme, host and port by which the visitor came, as far as it can be believed; undefined where it cannot. */
  readonly origin: string | undefined;
  /** The name of the session's cookie. */
  readonly cookieName: string;
  /** Any header by its lower-case name. */
  header(name: string): string | undefined;
}

/**
 * What must be stored beside the session before the answer leaves: after the session's own commit, and not at all where
 * that ended in `gone`. What it throws is the answer.
 */
export interface Participant {
  readonly store: () => Promise<void>;
  /** The session's own: not wanted any more where that is destroyed, or read again. */
  readonly own: boolean;
}

/** A record whose ticket nobody has seen. */
export interface Newborn {
  readonly id: string;
  readonly key: string;
  readonly owner: string | undefined;
}

/** Nearly every request; never written to. */
const NOBODY: readonly Participant[] = [];

/** What a request and its answer have come to, as far as the session is concerned. */
export class RequestState {
  origin: Origin;
  ending: Ending | undefined;
  accessed = false;
  /** Reads are empty because the store failed and `onStoreError` says `'anonymous'`. */
  readOnly = false;
  /** How far the answer is. */
  wire: Wire = 'open';
  /** Who the session said the visitor was when its record was read or stored, for those who log in by hand. */
  identity: string | undefined;
  /** The id that the cookie holds or will hold. Never leaves the house but in Set-Cookie. */
  id: string | undefined;
  /** The ticket is good, but not as it would be written today. */
  reissue = false;
  /** `load: 'lazy'`, and nobody has loaded it yet: with a ticket or without, so that a first visit shows the mistake. */
  mustLoad = false;
  /** The loading under way, with `load: 'lazy'`. */
  loading: Promise<void> | undefined;
  /** The stored record holds nothing: the browser's cookie was taken away with the commit that emptied it. */
  storedEmpty = false;
  /** A commit that may or may not have been stored. Nothing is stored after it. */
  fault: Error | undefined;
  /** The commit under way; the next one waits for it. */
  running: Promise<unknown> | undefined;
  /** Every change needs a cookie: there is no store. */
  onlyByCookie = false;
  /** The head that left says `private` or `no-store`. */
  privateHead = false;
  /** The cookie that the head needs; decided by commits, delivered once. */
  cookie: 'none' | 'set' | 'delete' = 'none';
  /** The first change of the request. */
  onChanged: (() => void) | undefined;
  /** A change, or a chance for one, after the head left. */
  onLate: (() => void) | undefined;
  /** No record stood behind the session when the request began, or when it began anew. */
  isNew = false;
  /** Other cookies of the answer, by name: each is asked for its Set-Cookie, if it wants one, when the head leaves. */
  besides: Map<string, () => string | undefined> | undefined;

  /** What this request has had said in meta so far, whether stored by now or not. */
  amended: MetaPatch | undefined;
  /** What is to be stored with the next commit. */
  participants: readonly Participant[] = NOBODY;

  constructor(origin: Origin) {
    this.origin = origin;
  }

  /** Throws where the answer is too far gone for a change, or for one that needs a cookie. */
  refuseLate(needsCookie: boolean): void {
    if (this.wire !== 'open') refuseLateChange(this.wire, needsCookie);
  }

  /** Has something stored with the next commit. */
  join(store: Participant['store'], own = true): void {
    this.refuseLate(false);
    this.participants = [...this.participants, { store, own }];
    if (this.wire === 'sent') this.onLate?.();
    else this.onChanged?.();
  }

  /** What a value that is to die with the id may be derived from; never to be shown. */
  get secretId(): string | undefined {
    return this.id;
  }

  /** The request that is served; undefined where there is none. */
  get request(): ServedRequest | undefined {
    return undefined;
  }

  /** The visitor's address; undefined where nobody tells. */
  get address(): string | undefined {
    return undefined;
  }

  /** What the session is bound to; undefined where it is bound to nothing, or the place is not known. */
  get place(): string | undefined {
    return undefined;
  }

  /** The visitor came over plain HTTP. */
  get plainHttp(): boolean {
    return false;
  }
}
