/** R100: a longer one is nobody's page. */
const MOST = 2048;

/** The space, what browsers strip or fold into the path, and what is no text of a URL. */
const HIDDEN = /[\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff\\]/;

/** Nobody's origin: what changes it names another one. */
const BASE = 'http://coatcheck.invalid';

/**
 * Where to go on after a login: `next`, if it is a path of this application, else `fallback`. What a visitor sent must
 * not lead to another site (open redirect; OWASP ASVS 3.7.2, R100).
 *
 * A path starts with one slash, holds no backslash, no space and no control character, percent-encoded or not, and
 * keeps its origin when it is parsed as browsers do (WHATWG URL). Anything that is no text is ignored.
 *
 * @param fallback default `'/'`
 *
 * @example
 * res.redirect(safeNext(req.query.next));
 */
export function safeNext(next: unknown, fallback: string = '/'): string {
  return pathOf(next) ?? fallback;
}

function pathOf(next: unknown): string | undefined {
  if (typeof next !== 'string' || next.length > MOST || !isPath(next)) return undefined;
  const parsed = URL.canParse(next, BASE) ? new URL(next, BASE) : undefined;
  if (parsed === undefined || parsed.origin !== BASE || parsed.username !== '' || parsed.password !== '')
    return undefined;
  const path = parsed.pathname + parsed.search + parsed.hash;
  // Dot segments may leave a path behind that begins with two slashes, which is a host.
  return isPath(path) ? path : undefined;
}

function isPath(text: string): boolean {
  return text.startsWith('/') && text[1] !== '/' && !HIDDEN.test(text) && !HIDDEN.test(decoded(text));
}

/** As a proxy or a framework on the way might decode it. */
function decoded(text: string): string {
  const path = text.split(/[?#]/, 1)[0] ?? '';
  const plain = path.replace(/%(?:0[0-9a-f]|1[0-9a-f]|5c|7f)/gi, (code) =>
    String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  );
  return plain.replace(/^\/(?:%2f)+/i, '/\\');
}
