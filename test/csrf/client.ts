import type { Csrf, CsrfRequest } from '../../src/csrf/index.ts';
import type { HeaderChanges, Session, SessionInterface } from '../../src/index.ts';
import { CookieJar } from '../../src/testing/cookie-jar.ts';
import { codeOf, type Data } from '../interface/harness.ts';
import { request } from '../support/visit.ts';

/** A browser with all its cookies, in front of sessions and a guard, without a server. */
export class Client {
  readonly jar: CookieJar;
  readonly #sessions: SessionInterface<Session<Data>>;
  readonly #csrf: Csrf;

  constructor(sessions: SessionInterface<Session<Data>>, csrf: Csrf, jar: CookieJar = new CookieJar()) {
    this.#sessions = sessions;
    this.#csrf = csrf;
    this.jar = jar;
  }

  /** A request; `act` gets its session. */
  async visit(act: (session: Session<Data>) => unknown, method = 'GET'): Promise<HeaderChanges> {
    const session = await this.#sessions.open(request(this.jar.header(), { method }));
    if (session === undefined) throw new Error('a null session');
    await act(session);
    const changes = await this.#sessions.commit(session, { status: 200 });
    this.jar.store(changes.setCookie);
    return changes;
  }

  /** The token of a page. */
  async token(): Promise<string> {
    let token = '';
    await this.visit((session) => {
      token = this.#csrf.csrfToken(session);
    });
    return token;
  }

  /** The whole of a guarded request without headers of provenance: `'allowed'` or the code. */
  async post(token: unknown, act: (session: Session<Data>) => unknown = () => undefined): Promise<unknown> {
    let told: unknown;
    const cookie = this.jar.header();
    const asked: CsrfRequest = { method: 'POST', cookie, header: () => undefined, field: () => token };
    await this.visit(async (session) => {
      told = await this.#csrf.check(asked, session).then(() => 'allowed', codeOf);
      if (told === 'allowed') await act(session);
    }, 'POST');
    return told;
  }
}
