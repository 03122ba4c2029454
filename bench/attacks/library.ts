import type { Express, Request, Response } from 'express';
import type { Users } from './users.ts';

/** How an attack wants the application. */
export interface Setup {
  /** URL of a Redis; without it, each library's own memory store. */
  readonly redis?: string;
  /** csurf with `cookie: true`, the first example of its README, in place of the secret in the session. */
  readonly csrfCookie?: boolean;
  /** The peers' cookies with the prefix `__Host-`, `SameSite` and an idle limit, which their READMEs name among many options. */
  readonly hardened?: boolean;
}

/** What a library's application does, each in the library's own way; the routes are the same text for both. */
export interface Library {
  /** Name of the session's cookie. */
  readonly cookie: string;
  /** What its documentation puts before the routes, body parsers included. */
  mount(app: Express): void;
  /** Who is logged in. */
  who(req: Request): Promise<string | undefined>;
  /** Checks name and password of the body; false if they are wrong. */
  login(req: Request, res: Response): Promise<boolean>;
  logout(req: Request): Promise<void>;
  /** After a change of the password: what can be done for the user's other browsers. */
  passwordChanged(req: Request, name: string): Promise<void>;
  /** The session as an object, for `session[key]`. */
  data(req: Request): Record<string, unknown>;
  /** One more in `session.n`. */
  count(req: Request): void;
  flash(req: Request, text: string): void;
  flashed(req: Request): string[];
  /** The hidden field of a form. */
  field(req: Request): string;
  /** Where to go after a login, of what the visitor sent. */
  next(sent: string): string;
  /** Keys of all records in the store, and all that is written there. */
  dump(): Promise<{ readonly keys: string[]; readonly text: string }>;
  close(): Promise<void>;
}

export type OpenLibrary = (users: Users, setup: Setup) => Promise<Library>;
