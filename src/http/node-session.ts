import type { SessionInterface } from '../interface/contract.ts';
import { contextOf, runIn } from '../session/ambient.ts';
import { nullSession } from '../session/null-session.ts';
import { bindEmitters } from './emitters.ts';
import { Gate } from './gate.ts';
import type { NodeErrorHandler } from './gate-error.ts';
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
  const begin = (opened: S | undefined) => {
    const session = opened ?? (nullSession as S);
    carry(request, iface, session);
    (request as { session?: object }).session = session;
    if (opened !== undefined && !iface.isNull(opened)) new Gate(iface, opened, request, response, options.onError);
    if (iface.ambient === false) {
      next();
      return;
    }
    const context = contextOf(session);
    bindEmitters(context, request, response);
    runIn(context, next);
  };
  let opening: S | undefined | Promise<S | undefined>;
  try {
    opening = iface.open(new NodeSessionRequest(request));
  } catch (error) {
    failed(error);
    return;
  }
  if (isThenable(opening)) opening.then(begin, failed);
  else begin(opening);
}
