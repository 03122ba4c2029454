import { type Clock, systemClock } from '../clock.ts';

/** Where a request goes: all that a jar for one host needs to know. */
export interface JarRequest {
  /** Default `/`. */
  readonly path?: string;
  /** Whether it is https. Default true. */
  readonly secure?: boolean;
}

interface Kept {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly secure: boolean;
  /** Milliseconds since 1970; Infinity for a cookie that goes with the browser. */
  readonly expires: number;
}

/**
 * The cookies of one browser at one host, after RFC 6265bis: Path, Secure, Expires, Max-Age, the name prefixes and
 * deletion. Domain matching, SameSite and Partitioned need a real browser or a library such as tough-cookie.
 *
 * @example
 * const jar = new CookieJar();
 * jar.store(response.headers.getSetCookie());
 * await fetch(url, { headers: jar.headers('/account') });
 */
export class CookieJar {
  readonly #clock: Clock;
  /** In the order of their creation, which a new value does not change (RFC 6265bis 5.7). */
  readonly #cookies = new Map<string, Kept>();

  constructor(options: { readonly clock?: Clock } = {}) {
    this.#clock = options.clock ?? systemClock;
  }

  /** Takes the `Set-Cookie` values of an answer, as a browser would: what breaks a rule is left out in silence. */
  store(setCookies: readonly string[], request: JarRequest = {}): void {
    for (const line of setCookies) {
      const cookie = this.#parse(line, request);
      if (cookie === undefined) continue;
      const id = `${cookie.name};${cookie.path}`;
      if (cookie.expires <= this.#clock.now()) this.#cookies.delete(id);
      else this.#cookies.set(id, cookie);
    }
  }

  /** The `Cookie` header for a request; undefined where there is nothing to send. */
  header(path: string = '/', request: Omit<JarRequest, 'path'> = {}): string | undefined {
    const sent = this.#live().filter((cookie) => matches(cookie, path, request.secure ?? true));
    // The sort is stable: longer paths first, else the older cookie.
    sent.sort((a, b) => b.path.length - a.path.length);
    return sent.length === 0 ? undefined : sent.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  /** The same as an object to spread into a request's headers. */
  headers(path: string = '/', request: Omit<JarRequest, 'path'> = {}): { cookie?: string } {
    const cookie = this.header(path, request);
    return cookie === undefined ? {} : { cookie };
  }

  /** The value of a cookie, whatever its path; undefined where there is none. */
  get(name: string): string | undefined {
    return this.#live().find((cookie) => cookie.name === name)?.value;
  }

  names(): string[] {
    return this.#live().map((cookie) => cookie.name);
  }

  clear(): void {
    this.#cookies.clear();
  }

  #live(): Kept[] {
    const now = this.#clock.now();
    return [...this.#cookies.values()].filter((cookie) => cookie.expires > now);
  }

  #parse(line: string, request: JarRequest): Kept | undefined {
    const [pair = '', ...rest] = line.split(';');
    const [name, value] = halves(pair);
    if (name === '') return undefined;
    const attributes = new Map(
      rest.map((part) => {
        const [key, text] = halves(part);
        return [key.toLowerCase(), text];
      }),
    );
    const secure = attributes.has('secure');
    const given = attributes.get('path');
    const path = given?.startsWith('/') ? given : folder(request.path ?? '/');
    if (secure && request.secure === false) return undefined;
    if (/^__(secure|host)-/i.test(name) && !secure) return undefined;
    if (/^__host-/i.test(name) && (given !== '/' || attributes.has('domain'))) return undefined;
    if (!secure && request.secure === false && this.#live().some((old) => old.name === name && old.secure)) {
      return undefined;
    }
    return { name, value, path, secure, expires: this.#expires(attributes) };
  }

  #expires(attributes: ReadonlyMap<string, string>): number {
    const age = attributes.get('max-age');
    if (age !== undefined && /^-?\d+$/.test(age)) return Number(age) <= 0 ? 0 : this.#clock.now() + Number(age) * 1000;
    const at = Date.parse(attributes.get('expires') ?? '');
    return Number.isNaN(at) ? Number.POSITIVE_INFINITY : at;
  }
}

function halves(part: string): [string, string] {
  const at = part.indexOf('=');
  return at < 0 ? [part.trim(), ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
}

/** The default path of a cookie: the folder that the request asked in (RFC 6265bis 5.1.4). */
function folder(path: string): string {
  const end = path.lastIndexOf('/');
  return end <= 0 ? '/' : path.slice(0, end);
}

function matches(cookie: Kept, url: string, secure: boolean): boolean {
  if (cookie.secure && !secure) return false;
  const path = url.split(/[?#]/, 1)[0] ?? '/';
  if (!path.startsWith(cookie.path)) return false;
  return path.length === cookie.path.length || cookie.path.endsWith('/') || path[cookie.path.length] === '/';
}
