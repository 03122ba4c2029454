import type { Later, SessionInterface } from '../interface/contract.ts';
import { opened } from '../interface/later.ts';
import { contextOf, runIn } from '../session/ambient.ts';
import { bindEmitters } from './emitters.ts';
import type { NodeErrorHandler } from './gate-error.ts';
import { homeOf } from './home.ts';
import type { NodeResponse } from './node-head.ts';
import type { NodeRequest, NodeSessionRequest } from './node-request.ts';
import { innermost, placeOn } from './slot.ts';
import { isThenable } from './thenable.ts';
import { Visit } from './visit.ts';

/** What Express, Connect and node:http have in common. */
export interface NodeSessionOptions {
  /**
   * Writes the answer when the session could not be stored: the handler's own is discarded by then. Default: plain
   * text with the error's status and code.
   */
  readonly onError?: NodeErrorHandler | undefined;
}

/**
 * Opens the session of a Node request, puts it on `req.session` and a gate before the response, and goes on with
 * `next` in the request's context. Synchronous where `open` is.
 */
export function beginNode<S extends object>(
  iface: SessionInterface<S>,
  request: NodeRequest,
  response: NodeResponse,
  options: NodeSessionOptions,
  next: () => void,
  failed: (error: unknown) => void,
): void {
  const slot = placeOn(request);
  const outer = innermost(request, slot) as Visit<object> | undefined;
  if (outer !== undefined && isMounted(outer, iface, request, response)) {
    next();
    return;
  }
  const visit = new Visit(iface, request, response, options.onError, slot, outer);
  let arriving: Later<S> | undefined | Promise<Later<S> | undefined>;
  try {
    arriving = arrive(iface, visit.asked);
  } catch (error) {
    failed(error);
    return;
  }
  if (isThenable(arriving)) arriving.then((later) => begin(visit, later, next), failed);
  else begin(visit, arriving, next);
}

/** A second mount is a no-op, for the same request or the same response: either may be wrapped by then. */
function isMounted(outer: Visit<object>, iface: object, request: object, response: object): boolean {
  for (let at: Visit<object> | undefined = outer; at !== undefined; at = at.outer as typeof at) {
    if (at.owner === iface && !at.over && (at.request === request || at.response === response)) return true;
  }
  return false;
}

function begin<S extends object>(visit: Visit<S>, later: Later<S> | undefined, next: () => void): void {
  visit.arrived(later);
  if (visit.owner.ambient === false) next();
  else {
    const context = contextOf(visit);
    bindEmitters(context, visit.request, visit);
    runIn(context, next);
  }
  // A framework inside another may have exchanged the prototype: the gate is to stand there as well.
  if (visit.atHome) homeOf(visit.response);
}

function arrive<S extends object>(
  iface: SessionInterface<S>,
  request: NodeSessionRequest,
): Later<S> | undefined | Promise<Later<S> | undefined> {
  if (iface.arrive !== undefined) return iface.arrive(request);
  const opening = iface.open(request);
  const later = (session: S | undefined) => session && opened(session);
  return isThenable(opening) ? opening.then(later) : later(opening);
}
