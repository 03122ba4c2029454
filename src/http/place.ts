import { type Face, HeldFace, HomeFace } from './held.ts';
import { type Below, type Keeper, keepAtHome, leaveHome } from './home.ts';
import type { NodeResponse } from './node-head.ts';
import { putDown } from './slot.ts';

type Method = (...args: unknown[]) => unknown;

/** Where a gate stands. */
export interface Place {
  /** The methods beneath: Node's, or those of wrappers that are nearer to the wire. */
  readonly below: Below;
  /** The gate's own `writeHead`, as the response has it where nobody wrapped it. */
  readonly writeHead: Method;
  /** Whether the gate hears by itself that the response was closed. */
  readonly hearsClose: boolean;
  /** The last chunk went: nothing is to be looked up for this answer any more. */
  leave(request: object): void;
  /** How the response looks while its bytes wait. */
  face(): Face;
}

/** Puts a gate before a response: on the prototype that its framework gave it, or else by methods of its own. */
export function placeGate(response: NodeResponse, keeper: Keeper, atHome: boolean): Place {
  const kept = atHome ? keepAtHome(response, keeper) : undefined;
  if (kept !== undefined) {
    const { home, below } = kept;
    return {
      below,
      writeHead: home.writeHead,
      hearsClose: true,
      leave: () => leaveHome(response, keeper),
      face: () => new HomeFace(response, Object.getPrototypeOf(home) as NodeResponse),
    };
  }
  const { writeHead, write, end, flushHeaders } = response;
  const own: Method = (...args) => keeper.arrive('writeHead', args);
  response.writeHead = own;
  response.write = (...args) => keeper.arrive('write', args);
  response.end = (...args) => keeper.arrive('end', args);
  response.flushHeaders = (...args) => keeper.arrive('flushHeaders', args);
  const below = { writeHead, write, end, flushHeaders };
  return {
    below,
    writeHead: own,
    hearsClose: false,
    leave: (request) => putDown(request),
    face: () => new HeldFace(response),
  };
}
