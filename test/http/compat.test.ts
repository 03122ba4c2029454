import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import flash from 'connect-flash';
import csurf from 'csurf';
import express from 'express';
import passport from 'passport';
import { Strategy } from 'passport-local';
import { afterEach, expect, test } from 'vitest';
import { expressSessions } from '../../src/http/express.ts';
import { createSessions } from '../../src/index.ts';
import { CookieJar } from '../../src/testing/index.ts';

// What people already have on req.session runs unchanged: the shortest way into an existing application.

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

interface Client {
  readonly jar: CookieJar;
  go(path: string, init?: RequestInit): Promise<{ status: number; text: string; cookies: string[] }>;
}

async function serve(app: express.Express): Promise<Client> {
  server = createServer(app);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const jar = new CookieJar();
  return {
    jar,
    async go(path, init = {}) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        redirect: 'manual',
        ...init,
        headers: { ...init.headers, ...jar.headers(path) },
      });
      const cookies = response.headers.getSetCookie();
      jar.store(cookies);
      return { status: response.status, text: await response.text(), cookies };
    },
  };
}

function application(): express.Express {
  const app = express();
  app.use(expressSessions(createSessions()));
  app.use(express.json());
  return app;
}

test('connect-flash delivers a message after a redirect, once', async () => {
  const app = application();
  app.use(flash());
  app.get('/act', (req, res) => {
    (req as unknown as { flash(type: string, message: string): void }).flash('info', 'Saved');
    res.redirect('/show');
  });
  app.get('/show', (req, res) => {
    res.json((req as unknown as { flash(type: string): string[] }).flash('info'));
  });
  const client = await serve(app);
  await client.go('/act');
  expect((await client.go('/show')).text).toBe('["Saved"]');
  expect((await client.go('/show')).text).toBe('[]');
});

test('csurf keeps its secret in the session, accepts its token and refuses a forged one', async () => {
  const app = application();
  app.use(csurf());
  app.get('/form', (req, res) => {
    res.send((req as unknown as { csrfToken(): string }).csrfToken());
  });
  app.post('/act', (_req, res) => {
    res.send('done');
  });
  app.use(((error, _req, res, _next) => {
    res.status(error.status ?? 500).send(error.code);
  }) as express.ErrorRequestHandler);
  const client = await serve(app);
  const token = (await client.go('/form')).text;
  const send = (value: string) => client.go('/act', { method: 'POST', headers: { 'csrf-token': value } });
  expect(await send(token)).toMatchObject({ status: 200, text: 'done' });
  expect(await send('forged')).toMatchObject({ status: 403, text: 'EBADCSRFTOKEN' });
});

function withPassport(): express.Express {
  const users = new Map([['ann', { id: 'ann', name: 'Ann' }]]);
  const local = new passport.Passport();
  local.use(
    new Strategy((username, password, done) => {
      const user = users.get(username);
      done(null, user !== undefined && password === 'pass' ? user : false);
    }),
  );
  local.serializeUser((user, done) => done(null, (user as { id: string }).id));
  local.deserializeUser((id: string, done) => done(null, users.get(id) ?? false));
  const app = application();
  app.use(local.session());
  app.get('/cart', (req, res) => {
    req.session.cart = ['tea'];
    res.json(req.session);
  });
  app.post('/login', local.authenticate('local'), (req, res) => {
    res.json(req.user);
  });
  app.get('/me', (req, res) => {
    res.json({ user: req.user ?? null, cart: req.session.cart ?? null });
  });
  app.post('/logout', (req, res, next) => {
    req.logout((error) => (error ? next(error) : res.send('bye')));
  });
  return app;
}

const credentials = (password: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ username: 'ann', password }),
});

test('passport logs in with a new ticket, knows the user, and logs out for good', async () => {
  const client = await serve(withPassport());
  await client.go('/cart');
  const before = client.jar.header();
  expect(await client.go('/login', credentials('wrong'))).toMatchObject({ status: 401, cookies: [] });
  expect(await client.go('/login', credentials('pass'))).toMatchObject({
    status: 200,
    text: '{"id":"ann","name":"Ann"}',
  });
  const during = client.jar.header();
  expect(during).not.toBe(before);
  expect((await client.go('/me')).text).toBe('{"user":{"id":"ann","name":"Ann"},"cart":null}');
  expect((await client.go('/logout', { method: 'POST' })).text).toBe('bye');
  expect(client.jar.header()).toBeUndefined();
  for (const stolen of [before, during]) {
    const answer = await client.go('/me', { headers: { cookie: stolen ?? '' } });
    expect(answer.text).toBe('{"user":null,"cart":null}');
  }
});

test('a passport login that overlaps a slow request is not undone by it', async () => {
  const app = withPassport();
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  app.get('/slow', async (req, res) => {
    void req.session.cart;
    await gate;
    req.session.slow = true;
    res.send('slow');
  });
  const client = await serve(app);
  await client.go('/cart');
  const slow = client.go('/slow');
  await client.go('/login', credentials('pass'));
  release();
  expect(await slow).toMatchObject({ status: 200, cookies: [] });
  expect((await client.go('/me')).text).toContain('"id":"ann"');
});
