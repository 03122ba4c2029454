import type { Express, NextFunction, Request, Response } from 'express';
import type { Gates } from './gates.ts';
import type { Library } from './library.ts';
import type { Users } from './users.ts';

/** What an application has done, and is no session. */
export interface Done {
  /** Who sent money by `POST /transfer`. */
  readonly transfers: string[];
}

type Handler = (req: Request, res: Response) => unknown;

/**
 * The routes, the same for both. `?gate=NAME` holds a request in its handler, after it has read its session and before
 * it changes it.
 */
export function addRoutes(app: Express, library: Library, users: Users, gates: Gates, done: Done): void {
  const pass = async (req: Request, _res: Response, next: NextFunction) => {
    await library.who(req);
    await gates.pass(req.query.gate);
    next();
  };
  const get = (path: string, handler: Handler) => app.get(path, pass, handler);
  const post = (path: string, handler: Handler) => app.post(path, pass, handler);
  const body = (req: Request) => req.body as Record<string, string>;

  get('/me', async (req, res) => void res.json({ user: (await library.who(req)) ?? null }));
  get('/form', (req, res) => void res.send(`<form method="post">${library.field(req)}</form>`));
  get('/private', async (req, res) => {
    const user = await library.who(req);
    res.status(user === undefined ? 401 : 200).send(`account of ${user}`);
  });
  post('/login', async (req, res) => {
    if (!(await library.login(req, res))) return void res.status(401).send('wrong');
    res.redirect(303, library.next(body(req).next ?? '/me'));
  });
  const logout: Handler = async (req, res) => {
    await library.logout(req);
    res.redirect(303, '/me');
  };
  post('/logout', logout);
  get('/logout', logout);
  post('/transfer', async (req, res) => {
    const user = await library.who(req);
    if (user === undefined) return void res.status(401).send('nobody');
    done.transfers.push(user);
    res.send('sent');
  });
  post('/password', async (req, res) => {
    const user = await library.who(req);
    if (user === undefined) return void res.status(401).send('nobody');
    users.change(user, body(req).password ?? '');
    await library.passwordChanged(req, user);
    res.send('changed');
  });

  // What an application writes into the session.
  post('/set', (req, res) => {
    const { key = '', value } = body(req);
    const data = library.data(req);
    data[key] = value;
    res.json({ admin: data.admin ?? null, everybody: ({} as Record<string, unknown>).admin ?? null });
  });
  get('/data', (req, res) => void res.json(library.data(req)[String(req.query.key)] ?? null));
  post('/count', (req, res) => {
    library.count(req);
    res.send('counted');
  });
  post('/flash', (req, res) => {
    library.flash(req, body(req).text ?? '');
    res.redirect(303, '/flashed');
  });
  get('/flashed', (req, res) => void res.json(library.flashed(req)));

  // Two mistakes of applications: a header for all pages, and a login that is only a key.
  get('/cached', async (req, res) => {
    res.set('Cache-Control', 'public, max-age=60').send(`Hello ${(await library.who(req)) ?? 'stranger'}`);
  });
  get('/cached-first', (req, res) => {
    library.data(req).visited = true;
    res.set('Cache-Control', 'public, max-age=60').send('Hello');
  });
  post('/by-hand', (req, res) => {
    library.data(req).user = body(req).user;
    res.send('welcome');
  });
}
