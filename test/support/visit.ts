import type { HeaderChanges, SessionInterface, SessionRequest } from '../../src/interface/contract.ts';

/** A request as an adapter would describe it. */
export function request(cookie?: string, over: Partial<SessionRequest> = {}): SessionRequest {
  return {
    method: 'GET',
    path: '/',
    cookie,
    header: () => undefined,
    address: '127.0.0.1',
    secure: true,
    ...over,
  };
}

/** One request under way: opened, and not committed before `end`. */
export interface Visit<S> {
  readonly session: S;
  /** Commits and keeps the cookie, as a browser would. */
  end(): Promise<HeaderChanges>;
}

/** A browser without a network: holds one cookie, opens and commits. */
export class Browser<S extends object> {
  cookie: string | undefined;
  readonly #sessions: SessionInterface<S>;

  constructor(sessions: SessionInterface<S>, cookie?: string) {
    this.#sessions = sessions;
    this.cookie = cookie;
  }

  async begin(over: Partial<SessionRequest> = {}): Promise<Visit<S>> {
    const session = await this.#sessions.open(request(this.cookie, over));
    if (session === undefined) throw new Error('a null session');
    return {
      session,
      end: async () => {
        const changes = await this.#sessions.commit(session, { status: 200 });
        this.keep(changes);
        return changes;
      },
    };
  }

  keep(changes: HeaderChanges): void {
    for (const line of changes.setCookie) {
      const pair = line.slice(0, line.indexOf(';'));
      this.cookie = pair.endsWith('=') ? undefined : pair;
    }
  }

  /** A whole request. */
  async visit(act: (session: S) => unknown, over: Partial<SessionRequest> = {}): Promise<HeaderChanges> {
    const visit = await this.begin(over);
    await act(visit.session);
    return visit.end();
  }

  /** What a new request reads. */
  async read<T>(look: (session: S) => T): Promise<T> {
    const visit = await this.begin();
    const value = await look(visit.session);
    await visit.end();
    return value;
  }

  clone(): Browser<S> {
    return new Browser(this.#sessions, this.cookie);
  }
}
