import type { CookieTemplate } from '../cookie/options.ts';
import type { RequestSession } from '../session/request-session.ts';
import { warnOnce } from '../warn.ts';
import { type HeaderChanges, NO_CHANGES } from './contract.ts';

/** What the head needs for a session as it stands now: at most one cookie, and whether caches must know of it. */
export function headChanges(
  session: RequestSession,
  template: CookieTemplate,
  write: (session: RequestSession) => string,
): HeaderChanges {
  const { origin, accessed } = session;
  // Whether the cookie outlives the browser is said in a record that nobody may have looked at yet.
  if (session.cookie === 'set' && origin.kind === 'record' && origin.decoded === undefined) {
    session.engine.decode(session);
  }
  const { cookie } = session;
  const setCookie = session.besides === undefined ? [] : besides(session.besides);
  if (cookie === 'none' && setCookie.length === 0) return accessed ? LOOKED : NO_CHANGES;
  if (template.secure && session.plainHttp) warnPlainHttp();
  if (cookie !== 'none') setCookie.unshift(cookie === 'set' ? write(session) : template.delete());
  return { setCookie, looked: accessed };
}

function besides(asked: ReadonlyMap<string, () => string | undefined>): string[] {
  const cookies: string[] = [];
  for (const ask of asked.values()) {
    const cookie = ask();
    if (cookie !== undefined) cookies.push(cookie);
  }
  return cookies;
}

const LOOKED: HeaderChanges = { setCookie: [], looked: true };

/** When a permanent session's cookie ends; undefined for one that ends with the browser. */
export function cookieExpiry(session: RequestSession): number | undefined {
  const { origin } = session;
  if (origin.kind !== 'record' || origin.decoded?.meta.permanent !== true) return undefined;
  return origin.record.expiresAt;
}

function warnPlainHttp(): void {
  warnOnce(
    'COATCHECK_SECURE_OVER_HTTP',
    'A Secure session cookie was sent over plain HTTP. Chrome and Firefox keep it on localhost; Safari and curl drop it. For development on loopback set cookie: { secure: false }. Behind a proxy that ends TLS say so, as in trustProxy: 1.',
  );
}
