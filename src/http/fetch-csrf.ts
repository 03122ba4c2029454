import type { Csrf, CsrfRequest } from '../csrf/csrf.ts';
import { isSafe } from '../csrf/decide.ts';
import type { FetchContext, FetchHandler } from './fetch.ts';
import { fetchBodyField } from './fetch-body.ts';
import { FetchSessionRequest } from './fetch-request.ts';
import { varyByOrigin } from './vary.ts';

/** A Fetch `Request` as the guard sees it. */
class FetchCsrfRequest extends FetchSessionRequest implements CsrfRequest {
  readonly #request: Request;

  constructor(request: Request) {
    super(request, undefined);
    this.#request = request;
  }

  field(name: string): unknown {
    return fetchBodyField(this.#request, name);
  }
}

/**
 * The CSRF guard around a handler of `(request, context) => Response`, within `fetchSessions`, which answers what it
 * refuses with a plain 403. A clone of the request is read as far as the token, at most 64 KiB; a body that was read
 * before has no token. A handler that `csrf.exempt` marked is not guarded.
 *
 * @example
 * export default { fetch: fetchSessions(sessions, fetchCsrf(csrf, (request, { session }) => new Response('Done.'))) };
 */
export function fetchCsrf<S extends object, Rest extends unknown[] = []>(
  csrf: Csrf,
  handler: FetchHandler<S, Rest>,
): FetchHandler<S, Rest> {
  if (csrf.isExempt(handler)) return handler;
  return async (request: Request, context: FetchContext<S>, ...rest: Rest) => {
    const asked = new FetchCsrfRequest(request);
    if (!isSafe(asked.method)) await csrf.check(asked, context.session);
    return withVary(await handler(request, context, ...rest));
  };
}

function withVary(response: Response): Response {
  const vary = varyByOrigin(response.headers.get('vary') ?? undefined);
  // A status out of the constructor's range, as 101 for a socket, is kept by no cache.
  if (vary === undefined || response.status < 200) return response;
  const headers = new Headers(response.headers);
  headers.set('vary', vary);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
