import type { SessionInterface } from '../interface/contract.ts';
import type { NodeErrorHandler } from './gate-error.ts';
import type { Keeper } from './home.ts';
import type { NodeResponse } from './node-head.ts';
import type { NodeRequest } from './node-request.ts';
import type { Place } from './place.ts';

/** What a gate stands before: a request, its response, and a session for which they wait. */
export interface Visited<S extends object> {
  readonly owner: SessionInterface<S>;
  readonly session: S;
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly onError: NodeErrorHandler | undefined;
  /** Somebody put something else in the place of `req.session`, or nothing. */
  readonly replaced: boolean;
  /** Puts the gate in its place. */
  place(gate: Keeper): Place;
  /** The last chunk goes. */
  leave(): void;
}
