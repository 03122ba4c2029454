import express, { type Express, type Request } from 'express';
import { createSessions, type Sessions } from '../../src/create-sessions.ts';
import { createCsrf } from '../../src/csrf/index.ts';
import { flash, getFlashedMessages } from '../../src/flash/index.ts';
import { expressSessions } from '../../src/http/express.ts';
import { expressCsrf } from '../../src/http/express-csrf.ts';
import { createLimiter, createLogin, type Limiter, type Login, safeNext } from '../../src/login/index.ts';
import type { Session } from '../../src/session/types.ts';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { openRedis } from '../../src/store/redis.ts';
import type { Library, OpenLibrary } from './library.ts';
import { connectRedis } from './redis-client.ts';
import type { User, Users } from './users.ts';
import { SITE } from './wire.ts';

/** coatcheck with login, remember-me, attempt limiter, CSRF guard and flash, as its pages put them together. */
export const openCoatcheck: OpenLibrary = async (users, setup) => {
  if (setup.redis === undefined) return new Coatcheck(users, memoryStore(), async () => {});
  const client = await connectRedis(setup.redis);
  return new Coatcheck(users, await openRedis({ client }), async () => client.destroy());
};

class Coatcheck implements Library {
  readonly cookie = '__Host-session';
  readonly #users: Users;
  readonly #store: Store;
  readonly #sessions: Sessions<Record<string, unknown>>;
  readonly #login: Login<User>;
  readonly #limiter: Limiter;
  readonly #csrf = createCsrf({ publicOrigin: SITE });
  readonly #disconnect: () => Promise<void>;

  constructor(users: Users, store: Store, disconnect: () => Promise<void>) {
    this.#users = users;
    this.#store = store;
    this.#disconnect = disconnect;
    this.#sessions = createSessions<Record<string, unknown>>({ store, trustProxy: 1 });
    this.#login = createLogin<User>({ sessions: this.#sessions, userLoader: (id) => users.find(id), remember: {} });
    this.#limiter = createLimiter({ sessions: this.#sessions });
  }

  mount(app: Express): void {
    app.use(expressSessions(this.#sessions));
    app.use(express.urlencoded(), express.json());
    app.use(expressCsrf(this.#csrf));
  }

  async who(): Promise<string | undefined> {
    const user = await this.#login.user();
    return 'name' in user ? user.name : undefined;
  }

  async login(req: Request): Promise<boolean> {
    const { user: name, password, remember } = req.body as Record<string, unknown>;
    const attempt = await this.#limiter.attempt(String(name));
    const user = this.#users.verify(name, password);
    if (!attempt.allowed || user === undefined) return false;
    if (!this.#login.loginUser(user, { remember: remember === 'yes' })) return false;
    await attempt.succeeded();
    return true;
  }

  async logout(): Promise<void> {
    this.#login.logoutUser();
  }

  async passwordChanged(req: Request, name: string): Promise<void> {
    await this.#sessions.revokeAll(name, { except: this.#session(req) });
  }

  #session(req: Request): Session<Record<string, unknown>> {
    return req.session as unknown as Session<Record<string, unknown>>;
  }

  data(req: Request): Record<string, unknown> {
    return this.#session(req);
  }

  count(req: Request): void {
    this.#session(req).update('n', (n) => Number(n ?? 0) + 1);
  }

  flash(_req: Request, text: string): void {
    flash(text);
  }

  flashed(): string[] {
    return getFlashedMessages();
  }

  field(): string {
    return this.#csrf.csrfField();
  }

  next(sent: string): string {
    return safeNext(sent);
  }

  async dump(): Promise<{ keys: string[]; text: string }> {
    const { entries = [] } = (await this.#store.scan?.(undefined, 1000)) ?? {};
    const records = await Promise.all(entries.map(({ key }) => this.#store.read(key)));
    return { keys: entries.map(({ key }) => key), text: JSON.stringify({ entries, records }) };
  }

  async close(): Promise<void> {
    await this.#sessions.close();
    await this.#disconnect();
  }
}
