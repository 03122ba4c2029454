import type { IncomingMessage, ServerResponse } from 'node:http';
import { Guard, lookUp, readGuards } from '../login/guard.ts';
import type { Freshness, Login, LoginUser, LoginViews, Wanted } from '../login/index.ts';
import { sessionOn } from './csrf-request.ts';

type Handler<Request, Response> = (request: Request, response: Response) => unknown;

/** Options of `nodeLogin`: the views of one group of handlers, and answers of your own. */
export interface NodeLoginOptions extends LoginViews {
  /** Answers visitors who are not logged in. Default: a redirect to `loginView`, else 401. */
  unauthorized?: Handler<IncomingMessage, ServerResponse>;
  /** Answers visitors whose login is not fresh. Default: a redirect to `refreshView`, else 401. */
  needsRefresh?: Handler<IncomingMessage, ServerResponse>;
}

/** Puts guards around handlers. A handler behind one that refuses does not run. */
export interface NodeLogin {
  /** Looks up who is there first. Lets everybody through. */
  load<Request extends IncomingMessage, Response extends ServerResponse>(
    handler: Handler<Request, Response>,
  ): Handler<Request, Response>;
  /** Lets users through. */
  loginRequired<Request extends IncomingMessage, Response extends ServerResponse>(
    handler: Handler<Request, Response>,
  ): Handler<Request, Response>;
  /** Lets users through whose login is by a real authentication, and not older than `maxAge` (ms). */
  freshLoginRequired<Request extends IncomingMessage, Response extends ServerResponse>(
    handler: Handler<Request, Response>,
    freshness?: Freshness,
  ): Handler<Request, Response>;
}

/**
 * Guards around handlers of a bare Node server, within `nodeSessions`.
 *
 * @throws CoatcheckError `OPTION_UNKNOWN`, `OPTION_INVALID`
 *
 * @example
 * const { loginRequired } = nodeLogin(login);
 * const hello = loginRequired((req, res) => res.end(login.currentUser.name));
 */
export function nodeLogin<U extends LoginUser, A>(login: Login<U, A>, options: NodeLoginOptions = {}): NodeLogin {
  const { views, handlers } = readGuards(options);
  const guarded = <Request extends IncomingMessage, Response extends ServerResponse>(
    wanted: Wanted,
    handler: Handler<Request, Response>,
  ): Handler<Request, Response> => {
    const guard = new Guard(login, wanted, views);
    return async (request, response) => {
      const method = request.method ?? 'GET';
      const refusal = await guard.refusal({ session: sessionOn(request), method, target: targetOf(request) });
      if (refusal === undefined) return handler(request, response);
      const own = refusal.kind === 'unauthorized' ? handlers.unauthorized : handlers.needsRefresh;
      if (own !== undefined) return own(request, response);
      const answer = guard.answer(refusal, method);
      if ('error' in answer) throw answer.error;
      redirect(response, answer.status, answer.location);
    };
  };
  return {
    load: (handler) => async (request, response) => {
      await lookUp(login, sessionOn(request));
      return handler(request, response);
    },
    loginRequired: (handler) => guarded({}, handler),
    freshLoginRequired: (handler, freshness = {}) => guarded({ ...freshness, fresh: true }, handler),
  };
}

/** Path and query as on the wire; Express and Connect cut the mount point off `url`. */
export function targetOf(request: IncomingMessage): string {
  const { originalUrl } = request as { originalUrl?: unknown };
  return typeof originalUrl === 'string' ? originalUrl : (request.url ?? '/');
}

export function redirect(response: ServerResponse, status: number, location: string): void {
  response.statusCode = status;
  response.setHeader('Location', location);
  response.setHeader('Content-Length', 0);
  response.end();
}
