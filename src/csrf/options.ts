import type { CookieOptions } from '../cookie/options.ts';
import { CoatcheckError, type ErrorCode } from '../errors.ts';
import type { Secret } from '../keys/secret.ts';
import { checkOptionNames } from '../option-names.ts';
import { CookieSecret } from './cookie-secret.ts';
import { readOrigin, readOrigins } from './origins.ts';

/** What the guard made of one unsafe request. Nothing in it comes from the visitor. */
export interface CsrfDecision {
  readonly allowed: boolean;
  /** What decided. `'no-cookies'`: neither header was there, and nothing that could stand for somebody. */
  readonly by: 'fetch-site' | 'origin' | 'no-cookies' | 'token';
  /** It had cookies and neither header: an old client, or a proxy that strips headers. */
  readonly unclear: boolean;
  /** Why it was refused. */
  readonly code?: ErrorCode | undefined;
}

/** Options of `createCsrf`. */
export interface CsrfOptions {
  /**
   * `'required'`: every unsafe request must show a token, as NIST SP 800-63B-4 section 5.1 asks. Default `'fallback'`:
   * only one whose headers do not say where it comes from.
   */
  tokens?: 'fallback' | 'required';
  /** Where visitors reach this application, such as `'https://app.example'`. Required in production; elsewhere what the request says. */
  publicOrigin?: string;
  /** Other origins whose pages may send requests here, exactly. Default none; sibling subdomains need an entry as well. */
  allowedOrigins?: readonly string[];
  /** The cookie of visitors whom nobody has logged in. Default `__Host-csrf`, Secure, HttpOnly, SameSite=Lax. */
  cookie?: CookieOptions;
  /** At least 32 bytes; of several the first one writes. Needed where the cookie cannot be `__Host-`, to sign it. */
  secret?: Secret | readonly Secret[];
  /** Names of further cookies that stand for somebody. The session's and ours are known. Default none. */
  cookies?: readonly string[];
  /** Hears of every unsafe request, for metrics. What it throws is ignored. */
  onDecision?: (decision: CsrfDecision) => void;
}

/** The same, read. */
export interface CsrfSettings {
  readonly tokensRequired: boolean;
  readonly publicOrigin: string | undefined;
  readonly listed: ReadonlySet<string>;
  readonly cookie: CookieSecret;
  readonly cookies: readonly string[];
  readonly tell: (decision: CsrfDecision) => void;
}

const NAMES = ['tokens', 'publicOrigin', 'allowedOrigins', 'cookie', 'secret', 'cookies', 'onDecision'];

const HABITS: Readonly<Record<string, string>> = {
  origin: 'Write publicOrigin for your own, allowedOrigins for others',
  trustedOrigins: 'Origins of others are called allowedOrigins',
  ignoreMethods: 'GET, HEAD and OPTIONS are safe, and no other method is',
  ignorePaths: 'A route is exempt by csrf.exempt(handler), never by its path',
  value: 'The token is read from the header X-CSRF-Token and the field csrf_token',
  sessionKey: 'Nothing is kept in the session. Leave sessionKey out',
};

/** @throws CoatcheckError `OPTION_UNKNOWN`, `OPTION_INVALID`, `SECRET_REQUIRED`, `SECRET_WEAK` */
export function readOptions(options: CsrfOptions): CsrfSettings {
  checkOptionNames(options, {
    whose: 'CSRF: ',
    names: NAMES,
    habits: HABITS,
    example: "createCsrf({ publicOrigin: 'https://app.example' })",
  });
  const { tokens = 'fallback', publicOrigin, allowedOrigins = [], cookie = {}, secret, cookies = [] } = options;
  check(tokens === 'fallback' || tokens === 'required', "tokens must be 'fallback' or 'required'");
  check(
    Array.isArray(cookies) && cookies.every((name) => typeof name === 'string' && name !== ''),
    'cookies must be a list of names',
  );
  const { onDecision } = options;
  check(onDecision === undefined || typeof onDecision === 'function', 'onDecision must be a function of one decision');
  // R77: what a Host header says must not decide who is at home.
  check(
    publicOrigin !== undefined || globalThis.process?.env?.NODE_ENV !== 'production',
    "createCsrf needs publicOrigin in production, such as 'https://app.example': otherwise the Host header decides",
  );
  return {
    tokensRequired: tokens === 'required',
    publicOrigin: publicOrigin === undefined ? undefined : readOrigin('publicOrigin', publicOrigin),
    listed: readOrigins('allowedOrigins', allowedOrigins),
    cookie: new CookieSecret(cookie, secret),
    cookies,
    tell(decision) {
      try {
        onDecision?.(decision);
      } catch {
        // R105: a listener cannot break the request.
      }
    },
  };
}

function check(good: boolean, problem: string): void {
  if (!good) throw new CoatcheckError('OPTION_INVALID', `${problem}.`);
}
