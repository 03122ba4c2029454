import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express from 'express';
import { toNodeHandler } from 'srvx/node';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Csrf, createCsrf } from '../../src/csrf/index.ts';
import { expressSessions } from '../../src/http/express.ts';
import { expressCsrf } from '../../src/http/express-csrf.ts';
import { fetchSessions } from '../../src/http/fetch.ts';
import { fetchCsrf } from '../../src/http/fetch-csrf.ts';
import { nodeSessions } from '../../src/http/node.ts';
import { nodeCsrf } from '../../src/http/node-csrf.ts';
import { createSessions, type Sessions } from '../../src/index.ts';
import { CookieJar } from '../../src/testing/cookie-jar.ts';
import { type Answer, type Ask, get, get2, listen, listen2 } from './servers.ts';

const express4: typeof express = (await import('express4')).default as never;

/** `/form` shows a token, any other path gives the body back; `/login` logs somebody in, `/hook` is exempt. */
type Make = (sessions: Sessions, csrf: Csrf) => RequestListener;

async function rawBody(request: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

function onExpress(make: typeof express, parsed: boolean): Make {
  return (sessions, csrf) => {
    const app = make();
    app.set('env', 'test');
    app.use(expressSessions(sessions));
    if (parsed) app.use(make.json(), make.urlencoded({ extended: true }), make.text());
    app.post('/before', (_request, response) => void response.send('before the guard'));
    app.use(expressCsrf(csrf));
    app.get('/form', (request, response) => void response.send(csrf.csrfToken(request.session)));
    app.post('/login', (request, response) => {
      request.session.user = 'ann';
      response.end('in');
    });
    const hook = csrf.exempt(function hook(_request: unknown, response: ServerResponse) {
      response.end('exempt');
    });
    const inner = make.Router();
    inner.post('/hook', hook);
    app.use('/inner', inner);
    app.post('/hook', hook);
    app.post('/hooks', (_request, response) => void response.send('not exempt'));
    app.use((request, response, next) => {
      if (request.body !== undefined && parsed && Object.keys(request.body as object).length > 0) {
        response.send(JSON.stringify(request.body));
      } else rawBody(request).then((body) => response.end(body), next);
    });
    app.use(((error, _request, response, _next) => {
      response.status(error.status ?? 500).send(`${error.status} ${error.code}\n`);
    }) as express.ErrorRequestHandler);
    return app;
  };
}

const onNode: Make = (sessions, csrf) => {
  const hook = nodeCsrf(
    csrf,
    csrf.exempt((_request: IncomingMessage, response: ServerResponse) => response.end('exempt')),
  );
  const guarded = nodeCsrf(csrf, async (request: IncomingMessage, response: ServerResponse) => {
    const { session } = request as never as { session: Record<string, unknown> };
    if (request.url === '/form') response.end(csrf.csrfToken());
    else if (request.url === '/login') {
      session.user = 'ann';
      response.end('in');
    } else response.end(await rawBody(request));
  });
  return nodeSessions(sessions, (request, response) => (request.url === '/hook' ? hook : guarded)(request, response));
};

const onFetch: Make = (sessions, csrf) => {
  const hook = fetchCsrf(
    csrf,
    csrf.exempt(() => new Response('exempt')),
  );
  const guarded = fetchCsrf<object>(csrf, async (request, { session }) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/form') return new Response(csrf.csrfToken(session));
    if (pathname === '/login') {
      (session as Record<string, unknown>).user = 'ann';
      return new Response('in');
    }
    return new Response(Buffer.from(await request.arrayBuffer()).toString('latin1'));
  });
  const handler = fetchSessions<object>(sessions, (request, context) =>
    (new URL(request.url).pathname === '/hook' ? hook : guarded)(request, context),
  );
  return toNodeHandler((request) => handler(request)) as RequestListener;
};

const MAKES: readonly [string, Make][] = [
  ['Express 5', onExpress(express, false)],
  ['Express 5 with parsers', onExpress(express, true)],
  ['Express 4', onExpress(express4, false)],
  ['Express 4 with parsers', onExpress(express4, true)],
  ['node:http', onNode],
  ['Fetch', onFetch],
];

const FORM = 'application/x-www-form-urlencoded';
const MULTI = 'multipart/form-data; boundary=----x';
const FOREIGN = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };

function multipart(token: string, after: string): string {
  return [
    '------x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n',
    token,
    '\r\n------x\r\nContent-Disposition: form-data; name="f"; filename="f.bin"\r\n\r\n',
    after,
    '\r\n------x--\r\n',
  ].join('');
}

describe.each(MAKES)('the guard on %s', (name, make) => {
  let port: number;
  let jar: CookieJar;
  let token: string;
  const ask = async (options: Ask): Promise<Answer> => {
    const answer = await get(port, { ...options, headers: { ...jar.headers(), ...options.headers } });
    jar.store(answer.headers['set-cookie'] ?? []);
    return answer;
  };
  const post = (path: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> =>
    ask({ method: 'POST', path, headers, ...(body === undefined ? {} : { body }) });

  beforeEach(async () => {
    const csrf = createCsrf({ publicOrigin: 'https://app.example' });
    ({ port } = await listen(make(createSessions({ sweep: false }), csrf)));
    jar = new CookieJar();
    token = (await ask({ path: '/form' })).text;
  });

  test('takes the token from header, form, JSON and multipart, and leaves the body to the handler', async () => {
    expect(token).toMatch(/^c[\w-]{64}$/);
    expect((await post('/', 'raw', { 'X-CSRF-Token': token, 'Content-Type': 'application/x-any' })).text).toBe('raw');
    const form = `a=1&csrf_token=${token}`;
    const json = JSON.stringify({ a: 1, csrf_token: token });
    const parsed = name.endsWith('parsers');
    const asJson = JSON.stringify({ a: '1', csrf_token: token });
    expect((await post('/', form, { 'Content-Type': FORM })).text).toBe(parsed ? asJson : form);
    expect((await post('/', json, { 'Content-Type': 'application/json' })).text).toBe(json);
    const upload = multipart(token, 'x'.repeat(300_000));
    expect((await post('/', upload, { 'Content-Type': MULTI })).text).toBe(upload);
  });

  test('takes it from a body whose length nobody announced', async () => {
    const form = `csrf_token=${token}&a=1`;
    const answer = await post('/', form, { 'Content-Type': FORM, 'Transfer-Encoding': 'chunked' });
    expect([answer.status, answer.text.includes(token)]).toEqual([200, true]);
  });

  test('refuses what has none, whatever its content type, and tells nothing else', async () => {
    const types = [
      FORM,
      FORM.toUpperCase(),
      `${FORM}; charset=utf-8`,
      MULTI,
      'multipart/form-data',
      'text/plain',
      'text/plain; x=application/json',
      'application/json',
      'application/json; charset=utf-8',
      'application/octet-stream',
      'x',
      undefined,
    ];
    for (const type of types) {
      const answer = await post('/', 'a=1', type === undefined ? {} : { 'Content-Type': type });
      const unreadable = name.endsWith('parsers') && type?.startsWith('application/json');
      expect([type, answer.status]).toEqual([type, unreadable ? 400 : 403]);
      if (!unreadable) expect(answer.text).toBe('403 CSRF_TOKEN_MISSING\n');
      expect(Object.keys(answer.headers).filter((header) => header.startsWith('access-control'))).toEqual([]);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    expect((await post('/')).text).toBe('403 CSRF_TOKEN_MISSING\n');
  });

  test('takes it from nowhere else: not from the query, the path, a cookie or another header', async () => {
    jar.store([`csrf_token=${token}; Path=/`]);
    const headers = {
      'X-XSRF-TOKEN': token,
      Authorization: token,
      Referer: `https://app.example/?csrf_token=${token}`,
    };
    const answer = await post(`/${token}?csrf_token=${token}`, 'a=1', { ...headers, 'Content-Type': FORM });
    expect(answer.text).toBe('403 CSRF_TOKEN_MISSING\n');
  });

  test('refuses a field that is doubled, an array, an object, long, or of control characters', async () => {
    const long = 'x'.repeat(60_000);
    for (const body of [
      `csrf_token=${token}&csrf_token=${token}`,
      `csrf_token=${long}`,
      'csrf_token=%00%0d%0a',
      'csrf_token=%ff%fe',
      `csrf_token=${token}%20`,
    ]) {
      expect((await post('/', body, { 'Content-Type': FORM })).text).toBe('403 CSRF_TOKEN_INVALID\n');
    }
    for (const value of [[token], { $ne: null }, { csrf_token: token }, 7, true, [], {}]) {
      const body = JSON.stringify({ csrf_token: value });
      expect((await post('/', body, { 'Content-Type': 'application/json' })).text).toBe('403 CSRF_TOKEN_INVALID\n');
    }
  });

  test('looks no further than 64 KiB for it where no parser has read the body', async () => {
    const body = `a=${'x'.repeat(400_000)}&csrf_token=${token}`;
    const answer = await post('/', body, { 'Content-Type': FORM });
    expect(answer.status).toBe(name.endsWith('parsers') ? 413 : 403);
  });

  test('refuses a form of another site, with a token too, and lets one of this site through without', async () => {
    const form = { 'Content-Type': FORM };
    expect((await post('/', `csrf_token=${token}`, { ...form, ...FOREIGN })).text).toBe('403 CSRF_FOREIGN\n');
    expect((await post('/', `csrf_token=${token}`, { ...form, Origin: 'null' })).text).toBe('403 CSRF_FOREIGN\n');
    expect((await post('/', 'a=1', { ...form, 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
    expect((await post('/', 'a=1', { ...form, Origin: 'https://app.example' })).status).toBe(200);
  });

  test('guards a login too, and its cookie goes with it', async () => {
    jar.clear();
    expect((await post('/login', '', FOREIGN)).status).toBe(403);
    expect(jar.names()).toEqual([]);
    token = (await ask({ path: '/form' })).text;
    expect((await post('/login', '', { 'X-CSRF-Token': token })).text).toBe('in');
    expect(jar.names()).toEqual(['__Host-session']);
    expect((await post('/', 'a', { 'X-CSRF-Token': token })).text).toBe('403 CSRF_TOKEN_INVALID\n');
    const next = (await ask({ path: '/form' })).text;
    expect(next).toMatch(/^s/);
    expect((await post('/', 'a', { 'X-CSRF-Token': next })).text).toBe('a');
  });

  test('lets an exempt handler through, and no neighbour of it', async () => {
    expect((await post('/hook', 'x', FOREIGN)).text).toBe('exempt');
    const variants = ['/hooks', '/hook/x', '//hook', '/%68ook/', '/hook%2f', '/hook;x', '/inner/hooks', '/'];
    for (const path of variants) {
      expect([path, (await post(path, 'x', FOREIGN)).text]).toEqual([path, '403 CSRF_FOREIGN\n']);
    }
  });

  test('says on what its refusals depend, on pages that a cache could keep', async () => {
    const page = await ask({ path: '/other' });
    expect(page.headers.vary).toMatch(/Sec-Fetch-Site, Origin/);
    expect((await ask({ path: '/form' })).headers).toMatchObject({ 'cache-control': 'private' });
  });
});

describe('the guard on Express', () => {
  test.each([
    ['5', express],
    ['4', express4],
  ])(
    'heeds a path that was rewritten, and finds routes of routers and applications in which it stands (%s)',
    async (_, make) => {
      const csrf = createCsrf();
      const sessions = createSessions({ sweep: false });
      const hook = csrf.exempt((_request: unknown, response: ServerResponse) => void response.end('exempt'));
      const taken = (_request: unknown, response: ServerResponse) => void response.end('taken');
      const part = () => {
        const router = make.Router();
        router.use(expressCsrf(csrf));
        router.post('/hook', hook);
        router.post('/transfer', taken);
        return router;
      };
      const inner = make();
      inner.use(part());
      inner.set('env', 'test');
      const app = make();
      app.set('env', 'test');
      app.use(expressSessions(sessions));
      app.use('/rewritten', (request, _response, next) => {
        request.url = '/transfer';
        next();
      });
      app.use('/rewritten', part());
      app.use('/router', part());
      app.use('/app', inner);
      const { port } = await listen(app);
      const post = async (path: string) => (await get(port, { method: 'POST', path, headers: FOREIGN })).status;
      for (const place of ['/router', '/app']) {
        expect([place, await post(`${place}/hook`), await post(`${place}/transfer`)]).toEqual([place, 200, 403]);
      }
      expect(await post('/rewritten/hook')).toBe(403);
    },
  );

  test('reads the router’s own match: of mounted routers, in any case, before or after it', async () => {
    for (const make of [onExpress(express, true), onExpress(express4, true)]) {
      const { port } = await listen(make(createSessions({ sweep: false }), createCsrf()));
      const post = async (path: string) => (await get(port, { method: 'POST', path, headers: FOREIGN })).text;
      expect(await post('/before')).toBe('before the guard');
      expect(await post('/inner/hook')).toBe('exempt');
      // Express matches these as well, so they reach the same handler and no other.
      for (const path of ['/HOOK', '/hook/', '/hook?x=1']) expect([path, await post(path)]).toEqual([path, 'exempt']);
    }
  });
});

test('over http2 the body is read ahead and put back as well', async () => {
  const csrf = createCsrf({ publicOrigin: 'https://app.example' });
  const sessions = createSessions({ sweep: false });
  const handler = nodeCsrf(csrf, async (request: any, response: any) => {
    response.end(request.url === '/form' ? csrf.csrfToken() : await rawBody(request));
  });
  const { port } = await listen2(nodeSessions(sessions, handler as never) as never);
  const page = await get2(port, { path: '/form' });
  const cookie = String(page.headers['set-cookie']).split(';')[0] ?? '';
  const body = `csrf_token=${page.text}&a=1`;
  const headers = { cookie, 'content-type': FORM };
  const length = { 'content-length': String(body.length) };
  const post = (given: string, more: object) =>
    get2(port, { method: 'POST', body: given, headers: { ...headers, ...more } });
  expect(await post(body, length)).toMatchObject({ status: 200, text: body });
  expect(await post('a=1', { 'content-length': '3' })).toMatchObject({ status: 403, text: '403 CSRF_TOKEN_MISSING\n' });
  expect(await post(body, {})).toMatchObject({ status: 200, text: body });
});
