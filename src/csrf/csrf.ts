import { readCookie } from '../cookie/parse.ts';
import { CoatcheckError } from '../errors.ts';
import { current, currentSession } from '../session/ambient.ts';
import { behind } from '../session/dictionary.ts';
import { isNullSession } from '../session/null-session.ts';
import type { RequestSession } from '../session/request-session.ts';
import { decide, isSafe, type Verdict } from './decide.ts';
import { exempt, isExempt } from './exempt.ts';
import { type CsrfDecision, type CsrfOptions, type CsrfSettings, readOptions } from './options.ts';
import { Tokens } from './tokens.ts';

/** The name of the form's field. */
export const CSRF_FIELD = 'csrf_token';

/** The headers, in lower case: ours, and the one that Flask's users know. */
const HEADERS = ['x-csrf-token', 'x-csrftoken'];

/** A request as the guard sees it. Adapters build it. */
export interface CsrfRequest {
  /** As on the wire; case counts. */
  readonly method: string;
  /** The same before something like `_method` overrode it: then both must be safe. */
  readonly originalMethod?: string | undefined;
  /** The Cookie header as received. */
  readonly cookie: string | undefined;
  /** Any other header by its lower-case name; several fields joined by `, `. */
  header(name: string): string | undefined;
  /** A field of the body, where there is one; asked only if a token is needed and no header has it. */
  field?(name: string): unknown;
}

/** What `createCsrf` gives. Its functions may be taken apart: `const { csrfField } = csrf`. */
export interface Csrf {
  /**
   * Lets a request pass or rejects: the guard as a plain function. Safe methods pass.
   *
   * @param session default: the ambient one, if there is one
   * @throws CoatcheckError `CSRF_FOREIGN`, `CSRF_TOKEN_MISSING`, `CSRF_TOKEN_INVALID` (403), and what the store says
   *
   * @example
   * await csrf.check({ method, cookie: headers.cookie, header: (name) => headers[name], field: (name) => body[name] });
   */
  readonly check: (request: CsrfRequest, session?: object) => Promise<void>;
  /**
   * A token for this answer, the same one each time it is asked; `''` where there is no session, or its store is down.
   * Counts as a look at the session.
   *
   * @throws CoatcheckError `USAGE` between a login and its commit, `SESSION_HEADERS_SENT` where the token needs a cookie
   * and the head has left, `SESSION_OUTSIDE_REQUEST`
   */
  readonly csrfToken: (session?: object) => string;
  /** The hidden field of a form, as HTML that must not be escaped again. @throws as `csrfToken` */
  readonly csrfField: (session?: object) => string;
  /** `<meta name="csrf-token" content="...">`, for scripts that send the header. @throws as `csrfToken` */
  readonly csrfMeta: (session?: object) => string;
  /** Marks a handler that guards let through unchecked, and gives it back. A warning tells it once. */
  readonly exempt: <Handler extends (...args: never[]) => unknown>(handler: Handler) => Handler;
  /** Whether `exempt` marked it; for adapters. */
  readonly isExempt: (handler: unknown) => boolean;
}

/**
 * Protection against forged requests (OWASP ASVS 3.5.1): by what browsers say about a request's origin, and by tokens
 * where they say nothing. Mounted by `expressCsrf`, `nodeCsrf` or `fetchCsrf` in front of the routes that need it.
 *
 * @throws CoatcheckError `OPTION_UNKNOWN`, `OPTION_INVALID`, `SECRET_REQUIRED`, `SECRET_WEAK`
 *
 * @example
 * const csrf = createCsrf({ publicOrigin: 'https://app.example' });
 * app.use(expressSessions(sessions), expressCsrf(csrf));
 */
export function createCsrf(options: CsrfOptions = {}): Csrf {
  const settings = readOptions(options);
  const tokens = new Tokens(settings.cookie);
  const csrfToken = (session: object = current()): string => {
    const own = sessionOf(session);
    return own === undefined ? '' : tokens.of(own);
  };
  return {
    check: (request, session) => check(settings, tokens, request, session),
    csrfToken,
    // A token is letters, digits, - and _: nothing to escape.
    csrfField: (session) => `<input type="hidden" name="${CSRF_FIELD}" value="${csrfToken(session)}">`,
    csrfMeta: (session) => `<meta name="csrf-token" content="${csrfToken(session)}">`,
    exempt,
    isExempt,
  };
}

async function check(
  settings: CsrfSettings,
  tokens: Tokens,
  request: CsrfRequest,
  given: object | undefined,
): Promise<void> {
  if (isSafe(request.method) && isSafe(request.originalMethod ?? request.method)) return;
  const face = given ?? currentSession();
  const session = face && behind(face);
  const fetchSite = request.header('sec-fetch-site');
  const origin = request.header('origin');
  const ourCookies = carriesOurs(settings, request, session);
  const own = settings.publicOrigin ?? session?.request?.origin;
  const verdict = decide({ fetchSite, origin, ourCookies }, { own, listed: settings.listed });
  // A login or a logout may follow, and the cookie's secret dies with it.
  if (session !== undefined && settings.cookie.isIn(request.cookie)) tokens.watch(session);
  const headers = fetchSite !== undefined ? 'fetch-site' : origin !== undefined ? 'origin' : 'no-cookies';
  const refusal = await refusalOf(verdict, settings, tokens, request, session, fetchSite !== undefined);
  const byToken = verdict !== 'foreign' && (verdict === 'unclear' || settings.tokensRequired);
  const by: CsrfDecision['by'] = byToken ? 'token' : headers;
  settings.tell({ allowed: refusal === undefined, by, unclear: verdict === 'unclear', code: refusal?.code });
  if (refusal !== undefined) throw refusal;
}

async function refusalOf(
  verdict: Verdict,
  settings: CsrfSettings,
  tokens: Tokens,
  request: CsrfRequest,
  session: RequestSession | undefined,
  saysSite: boolean,
): Promise<CoatcheckError | undefined> {
  if (verdict === 'foreign') return foreign(saysSite ? 'Sec-Fetch-Site' : 'Origin');
  if (verdict === 'allowed' && !settings.tokensRequired) return undefined;
  const token = await tokenOf(request);
  if (token === undefined || token === '') {
    return new CoatcheckError(
      'CSRF_TOKEN_MISSING',
      'This request needs a CSRF token, in the field csrf_token or the header X-CSRF-Token, and has none.',
    );
  }
  if (await tokens.verify(token, session, request.cookie)) return undefined;
  return new CoatcheckError('CSRF_TOKEN_INVALID', 'The CSRF token does not count any more. Load the page again.');
}

function foreign(header: string): CoatcheckError {
  return new CoatcheckError('CSRF_FOREIGN', `This request comes from another site, by its header ${header}.`);
}

/** From a header or a field of the body, and from nowhere else (R66). */
async function tokenOf(request: CsrfRequest): Promise<unknown> {
  for (const name of HEADERS) {
    const value = request.header(name);
    if (value !== undefined && value !== '') return value;
  }
  return request.field?.(CSRF_FIELD);
}

function carriesOurs(
  { cookie, cookies }: CsrfSettings,
  request: CsrfRequest,
  session: RequestSession | undefined,
): boolean {
  const sessions = session?.request?.cookieName;
  // What an application's own sessions are called is not known here.
  if (sessions === undefined) return request.cookie !== undefined && request.cookie !== '';
  const names = [sessions, ...cookies];
  return cookie.isIn(request.cookie) || names.some((name) => readCookie(request.cookie, name).kind !== 'none');
}

/** Undefined for the null session, which has no answer to set a cookie with. */
function sessionOf(session: object): RequestSession | undefined {
  const own = typeof session === 'object' && session !== null ? behind(session) : undefined;
  if (own !== undefined || isNullSession(session)) return own;
  throw new CoatcheckError('USAGE', 'This is no session of coatcheck. Write csrf.csrfToken(req.session).');
}
