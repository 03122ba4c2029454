/** What the headers of an unsafe request say about where it comes from. */
export interface Provenance {
  /** `Sec-Fetch-Site` as received; several fields joined. */
  readonly fetchSite: string | undefined;
  /** `Origin` as received. */
  readonly origin: string | undefined;
  /** Whether it carries a cookie that could stand for somebody. */
  readonly ourCookies: boolean;
}

/** Whom the guard believes. */
export interface Trusted {
  /** The origin of this application; undefined where it is not known, and then none is ours. */
  readonly own: string | undefined;
  /** Others that may send requests, exactly as listed. */
  readonly listed: ReadonlySet<string>;
}

/** `'allowed'` by its headers, `'foreign'`, or not to be told without a token. */
export type Verdict = 'allowed' | 'foreign' | 'unclear';

/** Methods that change nothing (RFC 9110 section 9.2.1), but TRACE, which no application has. Case counts. */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/**
 * Steps 2 to 4 of the decision about an unsafe request: Go's `http.CrossOriginProtection`, hardened. `same-site` is not
 * trusted, the scheme counts, and a browser too old to say where a request comes from must show a token.
 */
export function decide({ fetchSite, origin, ourCookies }: Provenance, { own, listed }: Trusted): Verdict {
  const isListed = origin !== undefined && listed.has(origin);
  if (fetchSite !== undefined) {
    return fetchSite === 'same-origin' || fetchSite === 'none' || isListed ? 'allowed' : 'foreign';
  }
  if (origin !== undefined) return origin === own || isListed ? 'allowed' : 'foreign';
  return ourCookies ? 'unclear' : 'allowed';
}
