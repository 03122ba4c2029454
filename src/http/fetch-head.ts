import type { HeaderChanges } from '../interface/contract.ts';
import { failureOf } from './fail.ts';
import { type Head, mergeHead } from './head.ts';

/** The three fields of a `Response` that sessions have a say in. */
export function headOf(headers: Headers): Head {
  return {
    vary: headers.get('vary') ?? undefined,
    cacheControl: headers.get('cache-control') ?? undefined,
    setCookie: headers.getSetCookie(),
  };
}

/**
 * The response with a commit's changes. Always a new one where there are any: headers may be immutable, and a handler
 * may hand out one and the same `Response` to everybody, whose cookie must not be the first visitor's. The body is the
 * same stream, not wrapped.
 */
export function withChanges(response: Response, changes: HeaderChanges): Response {
  if (changes.setCookie.length === 0 && !changes.looked) return response;
  const before = headOf(response.headers);
  const after = mergeHead(before, changes);
  const headers = new Headers(response.headers);
  if (after.vary !== undefined) headers.set('vary', after.vary);
  if (after.cacheControl !== undefined) headers.set('cache-control', after.cacheControl);
  if (after.setCookie !== before.setCookie) {
    headers.delete('set-cookie');
    for (const cookie of after.setCookie) headers.append('set-cookie', cookie);
  }
  const { status, statusText } = response;
  // A status out of the constructor's range, as 101 for a socket, has no head that could carry anything to a cache.
  if (status < 200 || status > 599) return response;
  return new Response(response.body, { status, statusText, headers });
}

/** An error as an answer, where no framework stands above. */
export function errorResponse(error: unknown): Response {
  const { status, body, contentType } = failureOf(error);
  return new Response(body, { status, headers: { 'content-type': contentType, 'cache-control': 'no-store' } });
}
