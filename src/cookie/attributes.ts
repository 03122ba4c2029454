import {
  isDomain,
  isName,
  isPath,
  isPriority,
  isSameSite,
  PRIORITY,
  type Priority,
  SAME_SITE,
  type SameSite,
} from './grammar.ts';
import { prefixProblem } from './prefix.ts';

/** What a Set-Cookie value says beside the pair. */
export interface CookieAttributes {
  readonly domain?: string | undefined;
  /** Milliseconds since 1970, of the years 1601 to 9999; written in whole seconds. */
  readonly expires?: number | undefined;
  /** Whole seconds, of 400 days at most. */
  readonly maxAge?: number | undefined;
  readonly secure?: boolean | undefined;
  readonly httpOnly?: boolean | undefined;
  readonly path?: string | undefined;
  readonly sameSite?: SameSite | undefined;
  readonly partitioned?: boolean | undefined;
  readonly priority?: Priority | undefined;
}

/** Attributes as text, cut where Expires and Max-Age go. */
export interface AttributeText {
  readonly beforeExpiry: string;
  readonly afterExpiry: string;
}

const OLDEST = Date.UTC(1601, 0, 1);
const YOUNGEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const MAX_AGE_LIMIT = 34_560_000;

/**
 * What is wrong with a cookie's name and attributes, each alone and together, as words for an error; undefined if
 * nothing is. Values are looked at, not only types: settings come from environments and JSON too (R44).
 */
export function attributeProblem(name: string, attributes: CookieAttributes): string | undefined {
  const { domain, expires, maxAge, path, sameSite, partitioned, priority, secure, httpOnly } = attributes;
  if (!isName(name)) return "name must be a token: letters, digits and !#$%&'*+-.^_`|~";
  if (domain !== undefined && !isDomain(domain)) return 'domain must be a host name in ASCII, such as example.com';
  if (path !== undefined && !isPath(path)) {
    return "path must begin with '/', in printable ASCII without ';', of 1024 octets at most";
  }
  if (!isFlag(secure)) return 'secure must be true or false';
  if (!isFlag(httpOnly)) return 'httpOnly must be true or false';
  if (!isFlag(partitioned)) return 'partitioned must be true or false';
  if (sameSite !== undefined && !isSameSite(sameSite)) return "sameSite must be 'lax', 'strict' or 'none'";
  if (priority !== undefined && !isPriority(priority)) return "priority must be 'low', 'medium' or 'high'";
  if (expires !== undefined && !isTime(expires)) return 'expires must be milliseconds, of the years 1601 to 9999';
  if (maxAge !== undefined && !isAge(maxAge)) return 'maxAge must be whole seconds, of 400 days at most';
  if (sameSite === 'none' && !secure) return "sameSite: 'none' needs secure: true";
  if (partitioned && !(secure && sameSite === 'none' && domain === undefined)) {
    return "partitioned needs secure: true, sameSite: 'none' and no domain";
  }
  return prefixProblem(name, { secure: secure === true, httpOnly: httpOnly === true, path, domain });
}

/** Attributes in the order in which Werkzeug writes them; to be checked by `attributeProblem` before. */
export function attributeText(attributes: CookieAttributes): AttributeText {
  const { domain, path, sameSite, partitioned, priority, secure, httpOnly } = attributes;
  return {
    // 6265bis section 5.6.3 ignores a leading dot.
    beforeExpiry: domain === undefined ? '' : `; Domain=${domain.replace(/^\./, '')}`,
    afterExpiry: [
      secure ? '; Secure' : '',
      httpOnly ? '; HttpOnly' : '',
      path === undefined ? '' : `; Path=${path}`,
      sameSite === undefined ? '' : `; SameSite=${SAME_SITE[sameSite]}`,
      partitioned ? '; Partitioned' : '',
      priority === undefined ? '' : `; Priority=${PRIORITY[priority]}`,
    ].join(''),
  };
}

/** `; Expires=...; Max-Age=...`, each where it is given. */
export function expiryText({ expires, maxAge }: CookieAttributes): string {
  const date = expires === undefined ? '' : `; Expires=${new Date(expires).toUTCString()}`;
  return maxAge === undefined ? date : `${date}; Max-Age=${maxAge}`;
}

/** Whether Expires can say this time. */
export function isTime(expires: number): boolean {
  return typeof expires === 'number' && expires >= OLDEST && expires <= YOUNGEST;
}

function isAge(maxAge: number): boolean {
  return Number.isInteger(maxAge) && Math.abs(maxAge) <= MAX_AGE_LIMIT;
}

function isFlag(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}
