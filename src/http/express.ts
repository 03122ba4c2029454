import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SessionInterface } from '../interface/contract.ts';
import type { Session } from '../session/types.ts';
import type { NodeResponse } from './node-head.ts';
import { beginNode, type NodeSessionOptions } from './node-session.ts';

export type { NodeErrorHandler } from './gate-error.ts';
export type { NodeSessionOptions } from './node-session.ts';

declare global {
  namespace Express {
    interface Request {
      /** The request's session, by `expressSessions`. `null` in its place ends it. */
      session: Session;
    }
  }
}

/** What Express 4 and 5, Connect and everything that takes their middleware calls. */
export type ConnectMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Sessions for Express 4 and 5, Connect and any other framework with `(req, res, next)`.
 *
 * Mount it before the routes. The session is on `req.session` and the imported `session`, and is stored before the
 * first byte of the answer leaves. Mounted twice, as by a sub-application, the second is a no-op. A store that does
 * not answer is `next(error)` with `status` 503, where the interface does not wait for the first look.
 *
 * @example
 * const app = express();
 * app.use(expressSessions(sessions));
 * app.get('/', (req, res) => {
 *   req.session.visits = (req.session.visits ?? 0) + 1;
 *   res.send(`Visit ${req.session.visits}`);
 * });
 */
export function expressSessions<S extends object>(
  sessions: SessionInterface<S>,
  options: NodeSessionOptions = {},
): ConnectMiddleware {
  return (request, response, next) => {
    beginNode(sessions, request, response as unknown as NodeResponse, options, next, next);
  };
}
