import type { Csrf } from '../csrf/csrf.ts';
import { type FlashedOptions, flashFor, getFlashedMessages } from '../flash/index.ts';
import { sessionOn } from './csrf-request.ts';
import type { ConnectMiddleware } from './express.ts';

/** What `expressViews` puts into views. */
export interface ViewOptions {
  /** For `csrfField()`, `csrfToken()` and `csrfMeta()`. Default: they are not there. */
  readonly csrf?: Csrf;
  /** For `currentUser`. Default: it is not there. */
  readonly login?: { viewOf(session: object): unknown };
}

/**
 * What stands in every view of Express: `getFlashedMessages`, `csrfField`, `csrfToken`, `csrfMeta` and
 * `currentUser`, in `res.locals`. Mount it after `expressSessions`. Nothing of the session is touched before a view asks.
 *
 * @example
 * app.use(expressSessions(sessions), expressViews({ csrf, login }));
 */
export function expressViews({ csrf, login }: ViewOptions = {}): ConnectMiddleware {
  return (request, response, next) => {
    const locals: Record<string, unknown> = {};
    locals.getFlashedMessages = (options?: FlashedOptions & { __keywords?: unknown }) => {
      // Nunjucks marks what a template wrote as keyword arguments.
      const { __keywords: _, ...given } = options ?? {};
      const session = sessionOn(request);
      return session === undefined ? getFlashedMessages(given) : flashFor(session).getFlashedMessages(given);
    };
    if (csrf !== undefined) {
      for (const name of ['csrfField', 'csrfToken', 'csrfMeta'] as const) {
        locals[name] = () => csrf[name](sessionOn(request));
      }
    }
    if (login !== undefined) {
      // Who is there may be found out after this, and a view asks last.
      const get = () => login.viewOf(sessionOn(request) ?? {});
      Object.defineProperty(locals, 'currentUser', { get, enumerable: true, configurable: true });
    }
    const carrier = response as { locals?: object };
    carrier.locals = Object.defineProperties(carrier.locals ?? {}, Object.getOwnPropertyDescriptors(locals));
    next();
  };
}
