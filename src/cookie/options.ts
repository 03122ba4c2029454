import { type Clock, systemClock } from '../clock.ts';
import { CoatcheckError } from '../errors.ts';
import { warnOnce } from '../warn.ts';
import { attributeProblem, attributeText, type CookieAttributes, expiryText, isTime } from './attributes.ts';
import type { Priority, SameSite } from './grammar.ts';
import { cookiePair } from './serialize.ts';

/** How the session cookie is sent. It is always HttpOnly, and without Expires unless the session is permanent. */
export interface CookieOptions {
  /** Default `__Host-session`; `__Secure-session` with a domain or another path; `session` with `secure: false`. */
  readonly name?: string | undefined;
  /** Default `'/'`. */
  readonly path?: string | undefined;
  /** Shares the cookie with every subdomain, also with those that somebody else controls. Default: this host only. */
  readonly domain?: string | undefined;
  /** Default true, whatever the connection looks like. `false` is for development on loopback: it throws in production. */
  readonly secure?: boolean | undefined;
  /** Default `'lax'`; always written out. `'none'` needs Secure. */
  readonly sameSite?: SameSite | undefined;
  /** A jar for each embedding site (CHIPS). Needs `sameSite: 'none'`, Secure and no domain. Default false. */
  readonly partitioned?: boolean | undefined;
  /** What Chromium keeps longest when a site has too many cookies. Default: not sent. */
  readonly priority?: Priority | undefined;
}

/** A cookie whose name and attributes are settled: only values and times go in. */
export interface CookieTemplate {
  readonly name: string;
  readonly secure: boolean;
  /**
   * The Set-Cookie value that carries `value`.
   *
   * @param expires milliseconds since 1970; cut to 400 days from now (6265bis section 5.5). Default: ends with the browser session
   * @throws CoatcheckError `COOKIE_INVALID` if the value breaks the grammar or is too long
   */
  set(value: string, expires?: number): string;
  /** The same for a value of our own making: base64url and dots, whose grammar need not be looked at again. */
  setOpaque(value: string, expires?: number): string;
  /** The Set-Cookie value that deletes the cookie, with all its attributes. */
  delete(): string;
}

/** The longest life of a cookie, in milliseconds: 400 days (6265bis section 5.5). */
export const COOKIE_LIFE_MAX: number = 400 * 86_400_000;

const MEMBERS = ['name', 'path', 'domain', 'secure', 'sameSite', 'partitioned', 'priority'];

const LIFETIME =
  'How long a session lives is said by the option `lifetime`; a permanent one gives the cookie its Expires';

const HINTS: ReadonlyMap<string, string> = new Map([
  ['maxage', LIFETIME],
  ['expires', LIFETIME],
  ['httponly', 'HttpOnly is always on and cannot be switched off'],
  ['signed', "Tickets are signed by the option `tickets: 'signed'`"],
  ['secret', 'Secrets go into the option `secret`, beside `cookie`'],
]);

/**
 * Settles a cookie's name and attributes once, at start-up.
 *
 * @throws CoatcheckError `OPTION_UNKNOWN` for a member that does not exist, with what to write instead;
 * `OPTION_INVALID` for a value out of place or a combination that a browser would refuse: a `__Host-` name with a
 * domain, another path or without Secure, any prefix in another spelling, `sameSite: 'none'` or `partitioned` without
 * Secure; and for `secure: false` where NODE_ENV is `production`
 *
 * @example
 * const cookie = cookieTemplate();
 * cookie.set(ticket); // '__Host-session=...; Secure; HttpOnly; Path=/; SameSite=Lax'
 */
export function cookieTemplate(options: CookieOptions = {}, clock: Clock = systemClock): CookieTemplate {
  checkMembers(options);
  const { path = '/', domain, secure = true, sameSite = 'lax', partitioned = false, priority } = options;
  const name = options.name ?? prefixedName('session', options);
  const attributes: CookieAttributes = { domain, secure, httpOnly: true, path, sameSite, partitioned, priority };
  const problem = attributeProblem(name, attributes);
  check(problem === undefined, `The option cookie is wrong: ${problem}`);
  // R41: an unprefixed cookie can be set from any subdomain, and from plain HTTP beside it.
  check(
    domain === undefined || !secure || /^__(?:Secure|Http)-/.test(name),
    `cookie.name ${name}: with a domain the name needs the prefix __Secure-; write __Secure-${name}`,
  );
  if (!secure) allowInsecure();
  if (domain !== undefined) warnShared();

  const { beforeExpiry, afterExpiry } = attributeText(attributes);
  const plainTail = `${beforeExpiry}${afterExpiry}`;
  const deletion = `${name}=${beforeExpiry}${expiryText({ expires: 0, maxAge: 0 })}${afterExpiry}`;
  const finish = (pair: string, expires: number | undefined): string => {
    if (expires === undefined) return pair + plainTail;
    const time = Math.min(expires, clock.now() + COOKIE_LIFE_MAX);
    if (isTime(time)) return pair + beforeExpiry + expiryText({ expires: time }) + afterExpiry;
    throw new CoatcheckError('COOKIE_INVALID', `The expiry of the cookie ${name} must be a time in milliseconds.`);
  };
  return {
    name,
    secure,
    set: (value, expires) => finish(cookiePair(name, value), expires),
    setOpaque: (value, expires) => finish(`${name}=${value}`, expires),
    delete: () => deletion,
  };
}

/** A cookie's name with the prefix that its scope allows: the lock on its host where nothing speaks against it (R36). */
export function prefixedName(word: string, { secure = true, path = '/', domain }: CookieOptions): string {
  if (!secure) return word;
  return domain === undefined && path === '/' ? `__Host-${word}` : `__Secure-${word}`;
}

function checkMembers(options: CookieOptions): void {
  check(typeof options === 'object' && options !== null, 'cookie must be an object of options');
  for (const member of Object.keys(options)) {
    if (MEMBERS.includes(member)) continue;
    const plain = member.replace(/[_-]/g, '').toLowerCase();
    const meant = MEMBERS.find((one) => one.toLowerCase() === plain);
    const hint = HINTS.get(plain) ?? (meant ? `Write cookie.${meant}` : `The options are ${MEMBERS.join(', ')}`);
    throw new CoatcheckError('OPTION_UNKNOWN', `cookie.${member} is no option. ${hint}.`);
  }
}

function check(good: boolean, problem: string): void {
  if (!good) throw new CoatcheckError('OPTION_INVALID', `${problem}.`);
}

function allowInsecure(): void {
  check(
    globalThis.process?.env?.NODE_ENV !== 'production',
    'cookie.secure is false and NODE_ENV is production: everybody on the way could take the session over. Remove it; behind a proxy that speaks https it stays true',
  );
  warnOnce(
    'COATCHECK_COOKIE_INSECURE',
    'The session cookie is sent without Secure (cookie.secure is false). That is for development on loopback only.',
  );
}

function warnShared(): void {
  warnOnce(
    'COATCHECK_COOKIE_DOMAIN',
    'cookie.domain shares the session with every subdomain: whoever controls one of them, or takes over a forgotten one, reads and overwrites the session cookie. Leave it out unless the subdomains need one session.',
  );
}
