import type { Csrf } from '../csrf/csrf.ts';
import { isSafe } from '../csrf/decide.ts';
import { NodeCsrfRequest, sessionOn } from './csrf-request.ts';
import type { ConnectMiddleware } from './express.ts';
import { routeHandlers } from './express-route.ts';
import { varyOn } from './vary.ts';

/**
 * The CSRF guard for Express 4 and 5, Connect and the like, over the routes after it. Mount it after `expressSessions`,
 * and after whatever overrides methods. What it refuses is `next(error)` with `status` 403.
 *
 * A body that a parser before it has read is looked at in `req.body`; another one is read as far as the token, at most
 * 64 KiB, and put back. In Express, a route whose handler `csrf.exempt` marked is let through; Connect has no routes.
 *
 * @example
 * app.use(expressSessions(sessions));
 * app.post('/hook', receive); // stands before the guard
 * app.use(expressCsrf(csrf));
 * app.post('/transfer', transfer);
 */
export function expressCsrf(csrf: Csrf): ConnectMiddleware {
  const guard: ConnectMiddleware = (request, response, next) => {
    varyOn(response);
    const asked = new NodeCsrfRequest(request);
    if (isSafe(asked.method) && isSafe(asked.originalMethod ?? asked.method)) {
      next();
      return;
    }
    if (routeHandlers(request, guard).some(csrf.isExempt)) {
      next();
      return;
    }
    csrf.check(asked, sessionOn(request)).then(() => next(), next);
  };
  return guard;
}
