import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import express4 from 'express4';
import { serve } from 'srvx';
import { afterEach, describe, expect, it } from 'vitest';
import { getFlashedMessages } from '../../src/flash/index.ts';
import { type ConnectMiddleware, expressSessions } from '../../src/http/express.ts';
import { type ExpressLoginOptions, expressLogin } from '../../src/http/express-login.ts';
import { fetchSessions } from '../../src/http/fetch.ts';
import { fetchLogin } from '../../src/http/fetch-login.ts';
import { nodeSessions } from '../../src/http/node.ts';
import { nodeLogin } from '../../src/http/node-login.ts';
import { createSessions } from '../../src/index.ts';
import { Guard } from '../../src/login/guard.ts';
import { createLogin, type LoginViews } from '../../src/login/index.ts';
import { ANN, people } from '../login/harness.ts';
import { request } from '../support/visit.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface House {
  readonly url: string;
  /** How often a guarded handler ran. */
  readonly runs: () => number;
}

const own = 'Not here.';
type Own = 'own answers' | undefined;

async function onNode(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function people_() {
  const users = people();
  const sessions = createSessions();
  return { sessions, login: createLogin({ sessions, userLoader: (id) => users.get(id) }) };
}

const ADAPTERS: Record<string, (views: LoginViews, owns: Own) => Promise<House>> = {
  express: (views, owns) => onExpress(express as never, views, owns),
  express4: (views, owns) => onExpress(express4 as never, views, owns),
  async node(views, owns) {
    const { sessions, login } = people_();
    let runs = 0;
    const answers = owns && {
      unauthorized: (_: unknown, response: { end(text: string): unknown }) => response.end(own),
    };
    const { loginRequired, freshLoginRequired } = nodeLogin(login, { ...views, ...(answers as object) });
    const count = (_: unknown, response: { end(text: string): unknown }) => response.end(String(++runs));
    const [guarded, fresh] = [loginRequired(count as never), freshLoginRequired(count as never)];
    const url = await onNode(
      nodeSessions(sessions, (request, response) => {
        if (request.url === '/login') login.loginUser(ANN, { fresh: false });
        if (request.url?.startsWith('/private')) return guarded(request, response as never);
        if (request.url?.startsWith('/fresh')) return fresh(request, response as never);
        response.end(JSON.stringify(getFlashedMessages({ withCategories: true })));
      }) as RequestListener,
    );
    return { url, runs: () => runs };
  },
  async fetch(views, owns) {
    const { sessions, login } = people_();
    let runs = 0;
    const answers = owns && { unauthorized: () => new Response(own) };
    const { loginRequired, freshLoginRequired } = fetchLogin(login, { ...views, ...answers });
    const count = () => new Response(String(++runs));
    const [guarded, fresh] = [loginRequired(count), freshLoginRequired(count)];
    const server = serve({
      port: 0,
      hostname: '127.0.0.1',
      silent: true,
      fetch: fetchSessions(sessions, (request, context) => {
        const { pathname } = new URL(request.url);
        if (pathname === '/login') login.loginUser(ANN, { fresh: false });
        if (pathname.startsWith('/private')) return guarded(request, context);
        if (pathname.startsWith('/fresh')) return fresh(request, context);
        return new Response(JSON.stringify(getFlashedMessages({ withCategories: true })));
      }),
    });
    await server.ready();
    closing.push(() => server.close(true));
    return { url: server.url?.replace(/\/$/, '') ?? '', runs: () => runs };
  },
};

type App = { use(...handlers: unknown[]): void; all(path: string, ...handlers: unknown[]): void } & RequestListener;

async function onExpress(make: () => App, views: LoginViews, owns: Own): Promise<House> {
  const { sessions, login } = people_();
  let runs = 0;
  const unauthorized: ConnectMiddleware = (_request, response) => response.end(own);
  const options: ExpressLoginOptions = { ...views, ...(owns && { unauthorized }) };
  const { loginRequired, freshLoginRequired } = expressLogin(login, options);
  const app = make();
  const count = (_: unknown, response: { send(text: string): void }) => response.send(String(++runs));
  app.use(expressSessions(sessions));
  app.all('/login', (_: unknown, response: { send(text: string): void }) => {
    login.loginUser(ANN, { fresh: false });
    response.send('ok');
  });
  app.all('/private', loginRequired, count);
  app.all('/fresh', freshLoginRequired(), count);
  app.all('/flashes', (_: unknown, response: { send(text: string): void }) =>
    response.send(JSON.stringify(getFlashedMessages({ withCategories: true }))),
  );
  return { url: await onNode(app), runs: () => runs };
}

async function ask(url: string, method = 'GET', cookie = '') {
  const response = await fetch(url, { method, headers: { cookie }, redirect: 'manual' });
  const set = response.headers.getSetCookie().map((line) => line.split(';', 1)[0] ?? '');
  const { status, headers } = response;
  return { status, location: headers.get('location'), text: await response.text(), cookie: set.join('; ') || cookie };
}

describe.each(Object.entries(ADAPTERS))('guards on %s', (_name, start) => {
  it('run a handler zero times for who is refused, and send them to the login page with next', async () => {
    const { url, runs } = await start({ loginView: '/login?a=1#top' }, undefined);
    const refused = await ask(`${url}/private?x=1&y=2`);
    expect([refused.status, refused.location]).toEqual([302, '/login?a=1&next=%2Fprivate%3Fx%3D1%26y%3D2#top']);
    expect(await ask(`${url}/private`, 'POST')).toMatchObject({ status: 303, location: '/login?a=1#top' });
    expect(runs()).toBe(0);
    expect((await ask(`${url}/flashes`, 'GET', refused.cookie)).text).toBe(
      '[["message","Please log in to access this page."]]',
    );
  });

  it('let users through, and stale ones not where a fresh login is wanted', async () => {
    const { url, runs } = await start(
      { loginView: '/login', refreshView: '/again', refreshMessage: 'Again, please.' },
      undefined,
    );
    const { cookie } = await ask(`${url}/login`, 'POST');
    expect((await ask(`${url}/private`, 'GET', cookie)).text).toBe('1');
    expect(await ask(`${url}/fresh`, 'GET', cookie)).toMatchObject({ status: 302, location: '/again?next=%2Ffresh' });
    expect((await ask(`${url}/flashes`, 'GET', cookie)).text).toBe('[["message","Again, please."]]');
    expect(runs()).toBe(1);
  });

  it('answer 401 where there is no page to log in on, and let OPTIONS pass', async () => {
    const { url, runs } = await start({}, undefined);
    expect((await ask(`${url}/private`)).status).toBe(401);
    expect(runs()).toBe(0);
    expect((await ask(`${url}/private`, 'OPTIONS')).status).toBe(200);
  });

  it('answer as the application says', async () => {
    const { url, runs } = await start({ loginView: '/login' }, 'own answers');
    expect((await ask(`${url}/private`)).text).toBe(own);
    expect(runs()).toBe(0);
  });
});

it('guards refuse options that are none', () => {
  const { login } = people_();
  for (const guards of [expressLogin, nodeLogin, fetchLogin]) {
    expect(() => guards(login, { loginPage: '/x' } as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_UNKNOWN' }),
    );
    expect(() => guards(login, { loginView: 3 } as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  }
});

it('load lets everybody through, also on a static path, where there is no session', async () => {
  const { sessions, login } = people_();
  const app = (express as never as () => App)();
  app.use(expressSessions(sessions), expressLogin(login).load);
  app.all('/static/app.js', (_: unknown, response: { send(text: string): void }) => response.send('express'));
  const onExpressApp = await onNode(app);
  const nodeHandler = nodeLogin(login).load((_request, response) => response.end('node'));
  const onBareNode = await onNode(nodeSessions(sessions, nodeHandler) as RequestListener);
  const fetchHandler = fetchSessions(
    sessions,
    fetchLogin(login).load(() => new Response('fetch')),
  );
  expect((await ask(`${onExpressApp}/static/app.js`)).text).toBe('express');
  expect((await ask(`${onBareNode}/static/app.js`)).text).toBe('node');
  expect(await (await fetchHandler(new Request('http://localhost/static/app.js'))).text()).toBe('fetch');
});

it('guards hand on no page that nobody would be sent back to', async () => {
  const { login } = people_();
  const long = `/private?${'x'.repeat(3000)}`;
  for (const target of [long, '//evil.example/', '/%09/evil.example']) {
    const guard = new Guard(login, {}, { loginView: '/login', loginMessage: null });
    const { sessions } = login;
    const session = await sessions.open(request(undefined, { path: '/private' }));
    expect((await guard.refusal({ session, method: 'GET', target }))?.location).toBe('/login');
  }
});
