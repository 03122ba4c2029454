import { CoatcheckError } from '../errors.ts';
import type { SessionRequest } from './contract.ts';

/** Prefixes of the raw path, or a predicate. */
export type StaticOption = string | readonly string[] | ((request: SessionRequest) => boolean);

/** Which requests are for static files: GET and HEAD only, by the raw path. They never meet a store or a cookie. */
export function staticRule(
  option: StaticOption = '/static/',
  staticFiles = false,
): (request: SessionRequest) => boolean {
  if (staticFiles) return () => false;
  if (typeof option === 'function') {
    return (request) => {
      if (!isRead(request)) return false;
      const answer: unknown = option(request);
      if (typeof answer === 'boolean') return answer;
      throw new CoatcheckError(
        'OPTION_INVALID',
        'static(request) must return true or false at once: a promise would make every page static.',
      );
    };
  }
  const prefixes: readonly unknown[] = Array.isArray(option) ? [...option] : [option];
  if (!prefixes.every((prefix) => typeof prefix === 'string' && prefix.startsWith('/'))) {
    throw new CoatcheckError(
      'OPTION_INVALID',
      "static takes path prefixes that begin with '/', such as '/static/', or a function of the request.",
    );
  }
  // The path first: nearly every request asks, and most paths begin otherwise.
  const [only] = prefixes as readonly string[];
  if (only !== undefined && prefixes.length === 1) return (request) => request.path.startsWith(only) && isRead(request);
  return (request) => {
    const { path } = request;
    return (prefixes as readonly string[]).some((prefix) => path.startsWith(prefix)) && isRead(request);
  };
}

function isRead(request: SessionRequest): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}
