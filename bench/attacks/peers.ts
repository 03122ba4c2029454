import { RedisStore } from 'connect-redis';
import csurf from 'csurf';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import session, { MemoryStore } from 'express-session';
import passport from 'passport';
import { Strategy } from 'passport-local';
import { connectFlash } from './connect-flash.ts';
import type { Library, OpenLibrary, Setup } from './library.ts';
import { parsedCookies } from './parsed-cookies.ts';
import { type Client, connectRedis } from './redis-client.ts';
import type { User, Users } from './users.ts';

/** Attackers do not know it. */
export const SECRET = 'q7Rk2xWm9ZtB4vNc8LpY3sHd6JfG1uEa';

interface Flashes {
  flash(type: string, text: string): void;
  flash(type: string): string[];
}

/** express-session, passport with passport-local, csurf and connect-flash, as their READMEs put them together. */
export const openPeers: OpenLibrary = async (users, setup) => {
  return new Peers(users, setup, setup.redis === undefined ? undefined : await connectRedis(setup.redis));
};

class Peers implements Library {
  readonly cookie: string;
  readonly #passport = new passport.Passport();
  readonly #memory: MemoryStore & { readonly sessions: Record<string, string> };
  readonly #client: Client | undefined;
  readonly #setup: Setup;

  constructor(users: Users, setup: Setup, client: Client | undefined) {
    this.#setup = setup;
    this.cookie = setup.hardened ? '__Host-sid' : 'connect.sid';
    this.#client = client;
    this.#memory = new MemoryStore() as MemoryStore & { readonly sessions: Record<string, string> };
    this.#passport.use(
      new Strategy({ usernameField: 'user' }, (name, password, done) => {
        done(null, users.verify(name, password) ?? false);
      }),
    );
    this.#passport.serializeUser((user, done) => done(null, (user as User).id));
    this.#passport.deserializeUser((id: string, done) => done(null, users.find(id) ?? false));
  }

  mount(app: Express): void {
    const { csrfCookie, hardened } = this.#setup;
    const cookie = { secure: true, ...(hardened ? { sameSite: 'lax' as const, maxAge: 3_600_000 } : {}) };
    app.set('trust proxy', 1);
    app.use(
      session({
        name: this.cookie,
        secret: SECRET,
        resave: false,
        saveUninitialized: false,
        cookie,
        store: this.#client === undefined ? this.#memory : new RedisStore({ client: this.#client }),
      }),
    );
    app.use(this.#passport.session() as RequestHandler);
    app.use(connectFlash());
    app.use(express.urlencoded(), express.json());
    if (csrfCookie) app.use(parsedCookies);
    app.use(
      csurf({ cookie: csrfCookie ? { ...cookie, ...(hardened ? { key: '__Host-csrf', maxAge: 3600 } : {}) } : false }),
    );
  }

  async who(req: Request): Promise<string | undefined> {
    return (req.user as User | undefined)?.name;
  }

  login(req: Request, res: Response): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const done = (error: unknown, user: User | false) => {
        if (error) return reject(error);
        if (!user) return resolve(false);
        req.logIn(user, (failed) => (failed ? reject(failed) : resolve(true)));
      };
      this.#passport.authenticate('local', done)(req, res, reject);
    });
  }

  logout(req: Request): Promise<void> {
    return new Promise((resolve, reject) => req.logout((error) => (error ? reject(error) : resolve())));
  }

  /** None of the packages knows which sessions are whose: there is a new login for this browser, and that is all. */
  passwordChanged(req: Request): Promise<void> {
    return new Promise((resolve, reject) => {
      req.logIn(req.user as User, (error) => (error ? reject(error) : resolve()));
    });
  }

  data(req: Request): Record<string, unknown> {
    return req.session as unknown as Record<string, unknown>;
  }

  count(req: Request): void {
    const data = this.data(req);
    data.n = Number(data.n ?? 0) + 1;
  }

  flash(req: Request, text: string): void {
    (req as unknown as Flashes).flash('info', text);
  }

  flashed(req: Request): string[] {
    return (req as unknown as Flashes).flash('info');
  }

  field(req: Request): string {
    return `<input type="hidden" name="_csrf" value="${req.csrfToken()}">`;
  }

  /** None of the packages has a check to call. */
  next(sent: string): string {
    return sent;
  }

  async dump(): Promise<{ keys: string[]; text: string }> {
    return { keys: Object.keys(this.#memory.sessions), text: JSON.stringify(this.#memory.sessions) };
  }

  async close(): Promise<void> {
    this.#client?.destroy();
  }
}
