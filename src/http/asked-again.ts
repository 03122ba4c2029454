import type { SessionRequest } from '../interface/contract.ts';

/** A request with another Cookie header. */
export function withCookie(request: SessionRequest, cookie: string | undefined): SessionRequest {
  const { method, path, address, secure } = request;
  return { method, path, address, secure, cookie, header: (name) => request.header(name) };
}

/** A request as its browser would make it now, after an answer that set these cookies. */
export function askedAgain(request: SessionRequest, setCookie: readonly string[]): SessionRequest {
  if (setCookie.length === 0) return request;
  const pairs = [...(request.cookie?.split(';') ?? []), ...setCookie.map((line) => line.split(';', 1)[0] ?? '')];
  const jar = new Map(pairs.map((pair) => [pair.split('=', 1)[0]?.trim(), pair.trim()]));
  return withCookie(request, [...jar.values()].join('; '));
}
