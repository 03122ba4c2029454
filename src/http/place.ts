import { type Face, HeldFace, HomeFace } from './held.ts';
import { type Below, beneath, type Guarded, type Home, homeOf, type Keeper } from './home.ts';
import type { NodeResponse } from './node-head.ts';

type Method = (...args: unknown[]) => unknown;

/** Where a gate stands. */
export interface Place {
  /** The methods beneath: Node's, or those of wrappers that are nearer to the wire. */
  readonly below: Below;
  /** The gate's own `writeHead`, as the response has it where nobody wrapped it. */
  readonly writeHead: Method;
  /** Whether the gate hears by itself that the response was closed. */
  readonly hearsClose: boolean;
  /** Whether the head has left, whoever says so meanwhile. */
  headersSent(response: NodeResponse): boolean;
  /** How the response looks while its bytes wait. */
  face(response: NodeResponse): Face;
}

/** One for all responses of a class. */
const places = new Map<Home, Place>();

/** On the prototype that the framework gave the response; undefined where there is none. */
export function placeAtHome(visit: Guarded): Place | undefined {
  const home = homeOf(visit.response);
  if (home === undefined) return undefined;
  let place = places.get(home);
  if (place === undefined) {
    const { root, methods, headersSent } = home;
    const face = (one: NodeResponse) => new HomeFace(one, root);
    place = { below: root, writeHead: methods.writeHead, hearsClose: true, headersSent, face };
    places.set(home, place);
  }
  return visit.outer === undefined ? place : { ...place, below: beneath(visit, place.below) };
}

/** By methods of the response's own. */
export function placeBefore(response: NodeResponse, keeper: Keeper): Place {
  const { writeHead, write, end, flushHeaders } = response;
  const own: Method = (...args) => keeper.arrive('writeHead', args);
  response.writeHead = own;
  response.write = (...args) => keeper.arrive('write', args);
  response.end = (...args) => keeper.arrive('end', args);
  response.flushHeaders = (...args) => keeper.arrive('flushHeaders', args);
  const below = { writeHead, write, end, flushHeaders };
  const headersSent = (one: NodeResponse) => one.headersSent;
  return { below, writeHead: own, hearsClose: false, headersSent, face: (one) => new HeldFace(one) };
}
