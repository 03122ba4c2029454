import { CoatcheckError } from '../errors.ts';
import { attributeProblem, attributeText, type CookieAttributes, expiryText } from './attributes.ts';
import { isValue, PAIR_MAX } from './grammar.ts';

/**
 * Writes a Set-Cookie value: the pair, then Domain, Expires, Max-Age, Secure, HttpOnly, Path, SameSite, Partitioned,
 * Priority.
 *
 * @throws CoatcheckError `COOKIE_INVALID` for whatever breaks the grammar of 6265bis section 4.1.1, its sizes or a
 * prefix's rules, and for Partitioned or SameSite=None without Secure; the message never holds the value
 *
 * @example
 * serializeCookie('theme', 'dark', { path: '/', sameSite: 'lax', secure: true });
 * // 'theme=dark; Secure; Path=/; SameSite=Lax'
 */
export function serializeCookie(name: string, value: string, attributes: CookieAttributes = {}): string {
  const problem = attributeProblem(name, attributes);
  if (problem !== undefined) throw new CoatcheckError('COOKIE_INVALID', `The cookie cannot be written: ${problem}.`);
  const { beforeExpiry, afterExpiry } = attributeText(attributes);
  return cookiePair(name, value) + beforeExpiry + expiryText(attributes) + afterExpiry;
}

/**
 * Writes the Set-Cookie value that deletes a cookie. It needs the same attributes as the cookie itself: browsers match
 * on name, Domain, Path and Partitioned, and refuse a prefixed name without its attributes even for a deletion.
 *
 * @throws CoatcheckError `COOKIE_INVALID` as `serializeCookie`
 */
export function serializeDeletion(name: string, attributes: CookieAttributes = {}): string {
  return serializeCookie(name, '', { ...attributes, expires: 0, maxAge: 0 });
}

/**
 * `name=value` for a name that was checked.
 *
 * @throws CoatcheckError `COOKIE_INVALID` if the value breaks the grammar or the pair is longer than 4096 octets
 */
export function cookiePair(name: string, value: string): string {
  if (!isValue(value)) {
    throw new CoatcheckError(
      'COOKIE_INVALID',
      `The cookie ${name} cannot be written: its value holds a character that no cookie carries. Encode it, for example as base64url.`,
    );
  }
  // Octets, since the grammar lets ASCII pass only. A browser would drop the cookie without a word (R43).
  const length = name.length + value.length;
  if (length <= PAIR_MAX) return `${name}=${value}`;
  throw new CoatcheckError(
    'COOKIE_INVALID',
    `The cookie ${name} cannot be written: name and value have ${length} octets and may have ${PAIR_MAX}.`,
  );
}
