import { CookieJar } from '../../src/testing/cookie-jar.ts';
import type { Target } from './target.ts';
import { PASSWORDS } from './users.ts';
import { type Answer, ask, SITE } from './wire.ts';

/** Which page makes the browser send a request, and what the browser says of it. */
export const FROM = {
  /** A page of the application. */
  site: { origin: SITE, 'sec-fetch-site': 'same-origin' },
  /** A page of another site. */
  other: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  /** The same, in a browser without `Sec-Fetch-Site` (Safari before 16.4). */
  otherByOrigin: { origin: 'https://evil.example' },
  /** The same, in a browser or through a proxy that says neither. */
  otherInSilence: {},
  /** A page of a subdomain that somebody else controls. */
  sibling: { origin: 'https://blog.shop.example', 'sec-fetch-site': 'same-site' },
} as const;

export type From = keyof typeof FROM;

export type Form = Readonly<Record<string, string>>;

/**
 * A visitor's browser: cookies by RFC 6265bis, prefixes included, and the headers that tell where a request comes from.
 * It sends cookies along whatever `SameSite` says, as browsers without it do; what `SameSite` adds is a row of its own.
 */
export class Browser {
  readonly jar = new CookieJar();
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  async visit(path: string, cookie: string | undefined = this.jar.header()): Promise<Answer | undefined> {
    return this.#send('GET', path, cookie === undefined ? {} : { cookie });
  }

  /** A form is sent. From the application's own pages it has the token that the page shows. */
  async submit(path: string, form: Form, from: From = 'site'): Promise<Answer | undefined> {
    const fields = from === 'site' ? { ...(await this.token()), ...form } : form;
    return this.#send(
      'POST',
      path,
      { ...this.jar.headers(), ...FROM[from], 'content-type': 'application/x-www-form-urlencoded' },
      new URLSearchParams(fields).toString(),
    );
  }

  /** As a script of the application would, for values that are no text. */
  async submitJson(path: string, value: unknown): Promise<Answer | undefined> {
    const [token = ''] = Object.values(await this.token());
    return this.#send(
      'POST',
      path,
      { ...this.jar.headers(), ...FROM.site, 'content-type': 'application/json', 'x-csrf-token': token },
      JSON.stringify(value),
    );
  }

  /** The hidden field that a page of the application shows now. */
  async token(): Promise<Form> {
    const page = await this.visit('/form');
    const [, name = '', value = ''] = /name="([^"]+)" value="([^"]+)"/.exec(page?.text ?? '') ?? [];
    if (name === '') throw new Error(`The form has no token: ${page?.status} ${page?.text.slice(0, 100)}`);
    return { [name]: value };
  }

  login(user: string, more: Form = {}): Promise<Answer | undefined> {
    return this.submit('/login', { user, password: PASSWORDS[user] ?? '', ...more });
  }

  async who(cookie?: string): Promise<string | null> {
    const answer = await this.visit('/me', cookie);
    if (answer?.status !== 200) throw new Error(`/me: ${answer?.status} ${answer?.text.slice(0, 100)}`);
    return (JSON.parse(answer.text) as { user: string | null }).user;
  }

  async data(key: string): Promise<unknown> {
    return JSON.parse((await this.visit(`/data?key=${key}`))?.text ?? 'null');
  }

  async flashed(): Promise<string[]> {
    return JSON.parse((await this.visit('/flashed'))?.text ?? '[]') as string[];
  }

  /** A cookie that a sibling of the host sets for the whole domain, as far as browsers let it. */
  plant(name: string, value: string): void {
    this.jar.store([`${name}=${value}; Domain=shop.example; Path=/; Secure`]);
  }

  /** The session's cookie as a pair, for a copy of it. */
  ticket(): string {
    const { cookie } = this.#target.library;
    return `${cookie}=${this.jar.get(cookie) ?? ''}`;
  }

  async #send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer | undefined> {
    const answer = await ask(this.#target.port, { method, path, headers, ...(body === undefined ? {} : { body }) });
    this.jar.store(answer?.setCookies ?? []);
    return answer;
  }
}
