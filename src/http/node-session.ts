import type { Later, SessionInterface } from '../interface/contract.ts';
import { opened } from '../interface/later.ts';
import { contextOf, runIn } from '../session/ambient.ts';
import { nullSession } from '../session/null-session.ts';
import { bindEmitters } from './emitters.ts';
import { Gate } from './gate.ts';
import { isClosed } from './gate-calls.ts';
import type { NodeErrorHandler } from './gate-error.ts';
import { isAtHome } from './home.ts';
import type { NodeResponse } from './node-head.ts';
import { type NodeRequest, NodeSessionRequest } from './node-request.ts';
import { carriedBy, carry } from './slot.ts';
import { isThenable } from './thenable.ts';

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
  if (carriedBy(request, iface) !== undefined) {
    next();
    return;
  }
  const atHome = isAtHome(response);
  const place = (session: S): void => {
    new Gate(iface, session, request, response, options.onError, atHome);
    // Whoever first asks when all is said may read, if the head allows it, and no more.
    if (response.writableEnded === true || (response.headersSent && isClosed(response))) iface.ended?.(session);
  };
  const asked = new NodeSessionRequest(request);
  const begin = (later: Later<S> | undefined) => {
    let session = later === undefined ? (nullSession as S) : later.ready;
    let ask: (() => void) | undefined;
    if (session === undefined) {
      const face = (later as Later<S>).face(asked, () => place(face));
      session = face;
      // Methods of its own must be there before anybody wraps them.
      if (atHome) ask = () => void iface.isNull(face);
      else iface.isNull(face);
    } else if (later !== undefined && !iface.isNull(session)) place(session);
    carry(request, iface, session, ask);
    (request as { session?: object }).session = session;
    if (iface.ambient === false) {
      next();
      return;
    }
    const context = contextOf({ session });
    bindEmitters(context, request, response);
    runIn(context, next);
  };
  let arriving: Later<S> | undefined | Promise<Later<S> | undefined>;
  try {
    arriving = arrive(iface, asked);
  } catch (error) {
    failed(error);
    return;
  }
  if (isThenable(arriving)) arriving.then(begin, failed);
  else begin(arriving);
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
