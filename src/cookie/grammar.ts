/*
 * The grammar of Set-Cookie (6265bis section 4.1.1), checked at run time (R44): what breaks it could write a second
 * attribute, a second cookie or a second header field.
 */

/** The most octets of name and value together (6265bis section 5.6). */
export const PAIR_MAX = 4096;

/** The most octets of one attribute's value; a browser ignores a longer one (6265bis section 5.6). */
export const ATTRIBUTE_MAX = 1024;

export type SameSite = 'lax' | 'strict' | 'none';
export type Priority = 'low' | 'medium' | 'high';

/** How the values of SameSite are written. */
export const SAME_SITE: Readonly<Record<SameSite, string>> = { lax: 'Lax', strict: 'Strict', none: 'None' };

/** How the values of Priority are written. */
export const PRIORITY: Readonly<Record<Priority, string>> = { low: 'Low', medium: 'Medium', high: 'High' };

// token (RFC 9110 section 5.6.2), cookie-octet and av-octet (6265bis section 4.1.1).
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const COOKIE_OCTETS = /^[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]*$/;
const ATTRIBUTE_OCTETS = /^[\x20-\x3A\x3C-\x7E]*$/;
// Labels of letters, digits and inner hyphens; a leading dot is allowed and means nothing (6265bis section 5.6.3).
const DOMAIN = /^\.?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

export function isName(name: unknown): name is string {
  return typeof name === 'string' && TOKEN.test(name);
}

export function isValue(value: unknown): value is string {
  return typeof value === 'string' && COOKIE_OCTETS.test(value);
}

export function isPath(path: unknown): path is string {
  return (
    typeof path === 'string' && path.startsWith('/') && path.length <= ATTRIBUTE_MAX && ATTRIBUTE_OCTETS.test(path)
  );
}

export function isDomain(domain: unknown): domain is string {
  return typeof domain === 'string' && domain.length <= 254 && DOMAIN.test(domain);
}

export function isSameSite(value: unknown): value is SameSite {
  return typeof value === 'string' && Object.hasOwn(SAME_SITE, value);
}

export function isPriority(value: unknown): value is Priority {
  return typeof value === 'string' && Object.hasOwn(PRIORITY, value);
}
