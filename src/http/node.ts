import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { SessionInterface } from '../interface/contract.ts';
import { failureOf, report } from './fail.ts';
import { discardHead, type NodeResponse } from './node-head.ts';
import type { NodeRequest } from './node-request.ts';
import { beginNode, type NodeSessionOptions } from './node-session.ts';
import { isThenable } from './thenable.ts';

export type { NodeErrorHandler } from './gate-error.ts';
export type { NodeSessionOptions } from './node-session.ts';

/** A handler whose request carries a session. */
export type NodeHandler<S extends object, Request = IncomingMessage, Response = ServerResponse> = (
  request: Request & { session: S },
  response: Response,
) => unknown;

/**
 * Sessions for a bare `node:http`, `https` or `http2` server, without a framework.
 *
 * The session is on `req.session` and the imported `session`. A handler that throws or rejects before its answer
 * began gets a plain 500, or the error's own `status`, and what it wrote to the session is kept; after that the
 * connection is destroyed, so that the client sees a broken answer.
 *
 * @example
 * createServer(nodeSessions(sessions, (req, res) => {
 *   req.session.visits = (req.session.visits ?? 0) + 1;
 *   res.end(`Visit ${req.session.visits}`);
 * })).listen(3000);
 */
export function nodeSessions<S extends object>(
  sessions: SessionInterface<S>,
  handler: NodeHandler<S>,
  options?: NodeSessionOptions,
): (request: IncomingMessage, response: ServerResponse) => void;
/** For http2's compatibility layer: give the handler's parameters their types. */
export function nodeSessions<S extends object>(
  sessions: SessionInterface<S>,
  handler: NodeHandler<S, Http2ServerRequest, Http2ServerResponse>,
  options?: NodeSessionOptions,
): (request: Http2ServerRequest, response: Http2ServerResponse) => void;
export function nodeSessions<S extends object>(
  sessions: SessionInterface<S>,
  handler: (request: never, response: never) => unknown,
  options: NodeSessionOptions = {},
): (request: NodeRequest, response: unknown) => void {
  return (request, response) => {
    const raw = response as NodeResponse & { readonly writableEnded: boolean };
    const failed = (error: unknown) => answer(error, request, raw, options);
    const run = () => {
      let result: unknown;
      try {
        result = handler(request as never, response as never);
      } catch (error) {
        failed(error);
        return;
      }
      if (isThenable(result)) result.then(undefined, failed);
    };
    beginNode(sessions, request, raw, options, run, failed);
  };
}

/** No framework stands above: the error of a handler, or of `open`, ends here. */
function answer(
  error: unknown,
  request: object,
  response: NodeResponse & { readonly writableEnded: boolean },
  options: NodeSessionOptions,
): void {
  if (response.headersSent) {
    report(error);
    // A whole answer stays one; half of one must not look whole.
    if (!response.writableEnded) response.destroy();
    return;
  }
  discardHead(response);
  const own = () => {
    if (response.headersSent) return;
    discardHead(response);
    const { status, body, contentType } = failureOf(error);
    response.writeHead(status, {
      'Content-Type': contentType,
      'Content-Length': body.length,
      'Cache-Control': 'no-store',
    });
    response.end(body);
  };
  if (options.onError === undefined) {
    report(error);
    own();
    return;
  }
  try {
    const answering = options.onError(error, request, response);
    if (isThenable(answering)) answering.then(own, own);
    else own();
  } catch {
    own();
  }
}
