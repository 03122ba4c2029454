import type { HeaderChanges, Session, SessionEvent, SessionsOptions } from '../../src/index.ts';
import { createSessions } from '../../src/index.ts';
import type { SessionInterface, SessionRequest } from '../../src/interface/contract.ts';
import { createLogin, type LoginOptions, type LoginViews, type VisitorLogin } from '../../src/login/index.ts';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import { type FaultyStore, faultyStore } from '../../src/testing/faulty-store.ts';
import { request } from '../support/visit.ts';

export type Data = Record<string, any>;

export interface User {
  readonly id: string;
  readonly name: string;
  readonly isActive?: boolean;
  readonly version?: number;
}

export const ANN: User = { id: '1', name: 'ann' };
export const BOB: User = { id: '2', name: 'bob' };
export const CAROL: User = { id: '3', name: 'carol', isActive: false };

/** Users by id, as a database has them; tests change them. */
export function people(): Map<string, User> {
  return new Map([ANN, BOB, CAROL].map((user) => [user.id, user]));
}

export type Options = Partial<LoginOptions<User> & LoginViews> & {
  readonly base?: Store;
  readonly settings?: Omit<SessionsOptions<Data>, 'store' | 'clock' | 'onEvent'>;
};

/** Login on sessions whose store counts and fails as told, with a clock that stands still. */
export function setup({ base = memoryStore(), settings = {}, ...options }: Options = {}) {
  const clock = fakeClock();
  const events: SessionEvent[] = [];
  const store: FaultyStore = faultyStore(base);
  const users = people();
  const loaded: string[] = [];
  const sessions = createSessions<Data>({
    store,
    clock,
    sweep: false,
    onEvent: (event) => events.push(event),
    ...settings,
  });
  const login = createLogin<User>({
    sessions,
    userLoader: (id) => {
      loaded.push(id);
      return users.get(id);
    },
    ...options,
  });
  return {
    sessions,
    login,
    clock,
    events,
    store,
    base,
    users,
    loaded,
    heard: (type: string) => events.filter((event) => event.type === type),
    newBrowser: () => new Browser(sessions, login),
    browser: new Browser(sessions, login),
    verbs: () => store.calls.map(({ verb }) => verb),
  };
}

/** One request under way. */
export interface Visit {
  readonly session: Session<Data>;
  readonly login: VisitorLogin<User>;
  end(): Promise<HeaderChanges>;
}

/** Whether the visitor is somebody, once that was looked up. */
export async function somebody({ login }: Visit): Promise<boolean> {
  await login.user();
  return login.isAuthenticated;
}

/** Whether their login is fresh, once they were looked up. */
export async function fresh({ login }: Visit): Promise<boolean> {
  await login.user();
  return login.isFresh();
}

/** A browser without a network and with a jar; its requests post unless told otherwise. */
export class Browser {
  readonly jar = new Map<string, string>();
  readonly #sessions: SessionInterface<Session<Data>>;
  readonly #login: { of(session: object): VisitorLogin<User> };

  constructor(sessions: SessionInterface<Session<Data>>, login: { of(session: object): VisitorLogin<User> }) {
    this.#sessions = sessions;
    this.#login = login;
  }

  get cookie(): string | undefined {
    return this.jar.size === 0 ? undefined : [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async begin(over: Partial<SessionRequest> = {}): Promise<Visit> {
    const session = await this.#sessions.open(request(this.cookie, { method: 'POST', ...over }));
    if (session === undefined) throw new Error('a null session');
    return {
      session,
      login: this.#login.of(session),
      end: async () => {
        const changes = await this.#sessions.commit(session, { status: 200 });
        this.keep(changes);
        if (changes.error !== undefined) throw changes.error;
        return changes;
      },
    };
  }

  keep({ setCookie }: HeaderChanges): void {
    for (const line of setCookie) {
      const pair = line.split(';', 1)[0] ?? '';
      const at = pair.indexOf('=');
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      if (value === '') this.jar.delete(name);
      else this.jar.set(name, value);
    }
  }

  /** A whole request. */
  async visit<T>(
    act: (visit: Visit) => T,
    over: Partial<SessionRequest> = {},
  ): Promise<HeaderChanges & { value: Awaited<T> }> {
    const visit = await this.begin(over);
    const value = await act(visit);
    return { ...(await visit.end()), value };
  }

  /** Who the next page says it is. */
  async name(): Promise<string> {
    const { value } = await this.visit(async ({ login }) => login.user(), { method: 'GET' });
    return 'name' in value ? value.name : 'nobody';
  }

  clone(): Browser {
    const other = new Browser(this.#sessions, this.#login);
    for (const [name, value] of this.jar) other.jar.set(name, value);
    return other;
  }
}
