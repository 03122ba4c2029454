import { Guard, lookUp, readGuards } from '../login/guard.ts';
import type { Freshness, Login, LoginUser, LoginViews, Wanted } from '../login/index.ts';
import type { FetchContext, FetchHandler } from './fetch.ts';

type Answer = (request: Request, context: FetchContext<object>) => Response | Promise<Response>;

/** Options of `fetchLogin`: the views of one group of handlers, and answers of your own. */
export interface FetchLoginOptions extends LoginViews {
  /** Answers visitors who are not logged in. Default: a redirect to `loginView`, else 401. */
  unauthorized?: Answer;
  /** Answers visitors whose login is not fresh. Default: a redirect to `refreshView`, else 401. */
  needsRefresh?: Answer;
}

/** Puts guards around handlers. A handler behind one that refuses does not run. */
export interface FetchLogin {
  /** Looks up who is there first. Lets everybody through. */
  load<S extends object, Rest extends unknown[]>(handler: FetchHandler<S, Rest>): FetchHandler<S, Rest>;
  /** Lets users through. */
  loginRequired<S extends object, Rest extends unknown[]>(handler: FetchHandler<S, Rest>): FetchHandler<S, Rest>;
  /** Lets users through whose login is by a real authentication, and not older than `maxAge` (ms). */
  freshLoginRequired<S extends object, Rest extends unknown[]>(
    handler: FetchHandler<S, Rest>,
    freshness?: Freshness,
  ): FetchHandler<S, Rest>;
}

/**
 * Guards around handlers of `(request, context) => Response`, within `fetchSessions`.
 *
 * @throws CoatcheckError `OPTION_UNKNOWN`, `OPTION_INVALID`
 *
 * @example
 * const { loginRequired } = fetchLogin(login);
 * const hello = loginRequired(() => new Response(login.currentUser.name));
 */
export function fetchLogin<U extends LoginUser, A>(login: Login<U, A>, options: FetchLoginOptions = {}): FetchLogin {
  const { views, handlers } = readGuards(options);
  const guarded = <S extends object, Rest extends unknown[]>(
    wanted: Wanted,
    handler: FetchHandler<S, Rest>,
  ): FetchHandler<S, Rest> => {
    const guard = new Guard(login, wanted, views);
    return async (request, context, ...rest) => {
      const { method, url } = request;
      const { pathname, search } = new URL(url);
      const refusal = await guard.refusal({ session: context.session, method, target: pathname + search });
      if (refusal === undefined) return handler(request, context, ...rest);
      const own = refusal.kind === 'unauthorized' ? handlers.unauthorized : handlers.needsRefresh;
      if (own !== undefined) return own(request, context);
      const answer = guard.answer(refusal, method);
      if ('error' in answer) throw answer.error;
      return new Response(null, { status: answer.status, headers: { Location: answer.location } });
    };
  };
  return {
    load:
      (handler) =>
      async (request, context, ...rest) => {
        await lookUp(login, context.session);
        return handler(request, context, ...rest);
      },
    loginRequired: (handler) => guarded({}, handler),
    freshLoginRequired: (handler, freshness = {}) => guarded({ ...freshness, fresh: true }, handler),
  };
}
