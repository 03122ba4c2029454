import type { IncomingMessage, ServerResponse } from 'node:http';
import { Guard, lookUp, readGuards } from '../login/guard.ts';
import type { Freshness, Login, LoginUser, LoginViews, Wanted } from '../login/index.ts';
import { sessionOn } from './csrf-request.ts';
import type { ConnectMiddleware } from './express.ts';
import { redirect, targetOf } from './node-login.ts';

/** Options of `expressLogin`: the views of one group of routes, and answers of your own. */
export interface ExpressLoginOptions extends LoginViews {
  /** Answers visitors who are not logged in. Default: a redirect to `loginView`, else 401. */
  unauthorized?: ConnectMiddleware;
  /** Answers visitors whose login is not fresh. Default: a redirect to `refreshView`, else 401. */
  needsRefresh?: ConnectMiddleware;
}

/** Middleware for routes. A handler behind one that refuses does not run. */
export interface ExpressLogin {
  /** Looks up who is there, so that handlers and views may read `login.currentUser`. Lets everybody through. */
  readonly load: ConnectMiddleware;
  /** Lets users through. */
  readonly loginRequired: ConnectMiddleware;
  /** Lets users through whose login is by a real authentication, and not older than `maxAge` (ms). */
  freshLoginRequired(freshness?: Freshness): ConnectMiddleware;
}

/**
 * Guards for Express 4 and 5, Connect and the like, behind `expressSessions`. Several of them may have views of their
 * own, for several groups of routes (Flask-Login's `blueprint_login_views`).
 *
 * @throws CoatcheckError `OPTION_UNKNOWN`, `OPTION_INVALID`
 *
 * @example
 * const { loginRequired, freshLoginRequired } = expressLogin(login);
 * app.get('/private', loginRequired, (req, res) => res.send(login.currentUser.name));
 * app.post('/account/delete', freshLoginRequired({ maxAge: 300_000 }), remove);
 */
export function expressLogin<U extends LoginUser, A>(
  login: Login<U, A>,
  options: ExpressLoginOptions = {},
): ExpressLogin {
  const { views, handlers } = readGuards(options);
  const guarded = (wanted: Wanted): ConnectMiddleware => {
    const guard = new Guard(login, wanted, views);
    return (request, response, next) => {
      const method = request.method ?? 'GET';
      guard
        .refusal({ session: sessionOn(request), method, target: targetOf(request) })
        .then((refusal) => {
          if (refusal === undefined) return next();
          const own = refusal.kind === 'unauthorized' ? handlers.unauthorized : handlers.needsRefresh;
          if (own !== undefined) return own(request, response, next);
          const answer = guard.answer(refusal, method);
          if ('error' in answer) next(answer.error);
          else redirect(response, answer.status, answer.location);
        })
        .catch(next);
    };
  };
  return {
    load: (request: IncomingMessage, _response: ServerResponse, next) => {
      lookUp(login, sessionOn(request)).then(() => next(), next);
    },
    loginRequired: guarded({}),
    freshLoginRequired: (freshness = {}) => guarded({ ...freshness, fresh: true }),
  };
}
