import { type CookieOptions, type CookieTemplate, cookieTemplate, prefixedName } from '../cookie/options.ts';
import { readCookie } from '../cookie/parse.ts';
import type { Kit } from '../interface/kit.ts';
import { hashName, isId, newId } from '../keys/ids.ts';
import type { RequestSession } from '../session/request-session.ts';

/** The longest that browsers keep a cookie (ms). */
const LONGEST_MS = 400 * 86_400_000;

/** The cookie by which accounts know a browser: random, and no login. It outlives sessions and logouts. */
export class DeviceCookie {
  readonly #template: CookieTemplate;
  readonly #now: () => number;

  /** @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN` */
  constructor(cookie: CookieOptions, { cookie: own, clock }: Kit) {
    const { name: _, ...scope } = own;
    const options = { ...scope, ...cookie };
    this.#template = cookieTemplate({ name: prefixedName('device', options), ...options }, clock);
    this.#now = () => clock.now();
  }

  /** The browser that a request shows, by its hash. */
  read(session: RequestSession): string | undefined {
    const found = readCookie(session.request?.cookie, this.#template.name);
    return found.kind === 'one' && isId(found.value) ? hashName(found.value) : undefined;
  }

  /** Gives a browser a new name with the answer; its hash. A name that was shown before it was known is nobody's. */
  give(session: RequestSession): string {
    const id = newId();
    session.refuseLate(true);
    session.besides ??= new Map();
    session.besides.set(this.#template.name, () => this.#template.setOpaque(id, this.#now() + LONGEST_MS));
    return hashName(id);
  }
}
