import type { Later, SessionInterface } from '../interface/contract.ts';
import type { SessionContext } from '../session/ambient.ts';
import { nullSession } from '../session/null-session.ts';
import { Gate } from './gate.ts';
import type { NodeErrorHandler } from './gate-error.ts';
import { type Guarded, isAtHome, type Keeper, meet } from './home.ts';
import type { NodeResponse } from './node-head.ts';
import { type NodeRequest, NodeSessionRequest } from './node-request.ts';
import { type Place, placeAtHome, placeBefore } from './place.ts';
import { define, hasAccessor, sessionOn } from './req-session.ts';
import { putOn, type SlotPlace } from './slot.ts';
import type { Visited } from './visited.ts';

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** All that a request of Node carries for one interface: one record, and nothing more before somebody asks. */
export class Visit<S extends object> implements Guarded, Visited<S> {
  readonly owner: SessionInterface<S>;
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly onError: NodeErrorHandler | undefined;
  readonly outer: Guarded | undefined;
  readonly asked: NodeSessionRequest;
  /** Whether the gate stands on the prototype of the framework's responses, or will. */
  readonly atHome: boolean;
  keeper: Keeper | undefined = undefined;
  context: SessionContext | undefined = undefined;
  ended = false;
  over = false;
  /** `req.session` is a property of the request itself. */
  owned = false;
  readonly #slot: SlotPlace | undefined;
  #later: Later<S> | undefined = undefined;
  #session: S | undefined = undefined;

  /**
   * @param slot where the request keeps what it carries
   * @param outer what it carries already
   */
  constructor(
    owner: SessionInterface<S>,
    request: NodeRequest,
    response: NodeResponse,
    onError: NodeErrorHandler | undefined,
    slot: SlotPlace | undefined,
    outer: Guarded | undefined,
  ) {
    this.owner = owner;
    this.request = request;
    this.response = response;
    this.onError = onError;
    this.#slot = slot;
    this.outer = outer?.over === true ? undefined : outer;
    this.asked = new NodeSessionRequest(request);
    this.atHome = isAtHome(response);
  }

  /** The session as the handler gets it, made when somebody first asks for it. */
  get session(): S {
    this.#session ??= this.#make();
    return this.#session;
  }

  #make(): S {
    const later = this.#later;
    if (later === undefined) return nullSession as S;
    return later.ready ?? later.face(this.asked, () => void new Gate(this));
  }

  /** The interface has said who is there. */
  arrived(later: Later<S> | undefined): void {
    const { owner, request } = this;
    this.#later = later;
    putOn(request, this, this.#slot);
    if (this.atHome) meet(this);
    if (later?.ready !== undefined) {
      if (!owner.isNull(later.ready)) new Gate(this);
    } else if (later !== undefined && !this.atHome) {
      // Methods of its own must be there before anybody wraps them.
      owner.isNull(this.session);
    }
    // Who showed nothing has nothing that `delete req.session` could end, so that the property may wait.
    const waits = this.atHome && later?.ready === undefined && (later === undefined || !this.asked.hasCookie);
    if (!waits || !hasAccessor() || Object.hasOwn(request, 'session')) this.present();
  }

  /** Makes the session a property of the request's own, of which `delete` can be noticed. */
  present(): S {
    const { session } = this;
    this.owned = true;
    define(this.request, session);
    return session;
  }

  get replaced(): boolean {
    const { request } = this;
    if (!this.owned && !Object.hasOwn(request, 'session')) return false;
    return sessionOn(request) !== this.session;
  }

  get unasked(): boolean {
    return this.atHome && this.keeper === undefined && this.#later !== undefined && this.#later.ready === undefined;
  }

  ask(): void {
    if (this.unasked) this.owner.isNull(this.session);
  }

  place(gate: Keeper): Place {
    const place = this.atHome ? placeAtHome(this) : undefined;
    if (place === undefined) return placeBefore(this.response, gate);
    this.keeper = gate;
    return place;
  }

  leave(): void {
    if (this.keeper === undefined) this.over = true;
    else this.ended = true;
  }
}

/** Neither a request nor a session is to be found in a log of the stream on which this stands (R104). */
Object.defineProperty(Visit.prototype, INSPECT, { value: () => 'Visit' });
