import { type CookieTemplate, cookieTemplate, prefixedName } from '../cookie/options.ts';
import { readCookie } from '../cookie/parse.ts';
import type { Kit } from '../interface/kit.ts';
import type { RequestSession } from '../session/request-session.ts';
import type { RememberOptions } from './remember.ts';

/** The cookie that remembers: a value of ours until a moment, beside the session's. */
export class RememberCookie {
  readonly #template: CookieTemplate;

  /** @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN` */
  constructor({ cookie = {} }: RememberOptions, kit: Kit) {
    // What a browser asks of the session's cookie it asks of this one too; its name is its own.
    const { name: _, ...scope } = kit.cookie;
    const options = { ...scope, sameSite: 'strict' as const, ...cookie };
    this.#template = cookieTemplate({ name: prefixedName('remember', options), ...options }, kit.clock);
  }

  /** What a seal is made for (R11). */
  get name(): string {
    return this.#template.name;
  }

  isShown(session: RequestSession): boolean {
    return readCookie(session.request?.cookie, this.#template.name).kind !== 'none';
  }

  /** What the cookie says; undefined for none, and for several. */
  value(session: RequestSession): string | undefined {
    const found = readCookie(session.request?.cookie, this.#template.name);
    return found.kind === 'one' ? found.value : undefined;
  }

  /**
   * The answer's head sets it, if there still is a head to come, and a session that was not ended meanwhile.
   *
   * @param end ms since 1970
   */
  set(session: RequestSession, value: string, end: number): void {
    this.#beside(session, () => (session.origin.kind === 'record' ? this.#template.setOpaque(value, end) : undefined));
  }

  delete(session: RequestSession): void {
    this.#beside(session, () => this.#template.delete());
  }

  /** What was to be sent is not: the browser keeps what it has. */
  withdraw(session: RequestSession): void {
    session.besides?.delete(this.#template.name);
  }

  #beside(session: RequestSession, cookie: () => string | undefined): void {
    session.besides ??= new Map();
    session.besides.set(this.#template.name, cookie);
  }
}
