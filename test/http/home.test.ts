import { request as ask } from 'node:http';
import express from 'express';
import expressSession from 'express-session';
import onHeaders from 'on-headers';
import { describe, expect, test } from 'vitest';
import { expressSessions } from '../../src/http/express.ts';
import { nodeSessions } from '../../src/http/node.ts';
import { session as ambient, createSessions } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { get, listen } from './servers.ts';

const make = (more: object = {}) =>
  createSessions<any>({ store: memoryStore(), sweep: false, cookie: { secure: false }, ...more } as any);
const many = (): any => {
  const store: any = memoryStore();
  return Object.assign(store, { readMany: (keys: string[]) => Promise.all(keys.map((k) => store.read(k))) });
};
const cookieOf = (a: any) => (a.headers['set-cookie'] ?? []).map((c: string) => c.split(';')[0]).join('; ');

/** A visitor who has a session `{ user: 'ann' }`. */
async function known(sessions: any) {
  const app = express();
  app.use(expressSessions(sessions));
  app.get('/', (req: any, res: any) => {
    req.session.user = 'ann';
    res.send('in');
  });
  app.get('/who', (req: any, res: any) => res.json(req.session));
  const { port } = await listen(app);
  const cookie = cookieOf(await get(port));
  return { cookie, who: async () => JSON.parse((await get(port, { path: '/who', headers: { cookie } })).text) };
}

describe.each([
  ['nobody listens', {}],
  ['somebody listens', { onEvent: () => undefined }],
])('%s', (_n, options) => {
  test.each(['before', 'after'])(
    'a first look in a header hook mounted %s us breaks no answer, and after us is stored',
    async (where) => {
      const store = many();
      const sessions = make({ store, ...options });
      const { cookie } = await known(sessions);
      for (const headers of [{}, { cookie }] as any[]) {
        const app = express();
        const hook = (req: any, res: any, next: any) => {
          onHeaders(res, () => {
            req.session.seen = 1;
          });
          next();
        };
        if (where === 'before') app.use(hook);
        app.use(expressSessions(sessions));
        if (where === 'after') app.use(hook);
        app.get('/', (_req, res) => void res.send('hello'));
        app.use((error: any, _req: any, res: any, _next: any) => {
          res.status(500);
          res.end(String(error.stack));
        });
        const { port } = await listen(app);
        // An application's first request and those that follow.
        for (let i = 0; i < 2; i++) {
          const answer = await get(port, { headers });
          // Mounted before us it is asked when the head is made already, and may be refused; the answer is one all the same.
          if (where === 'before') {
            expect([200, 500]).toContain(answer.status);
            continue;
          }
          expect([answer.status, answer.text]).toEqual([200, 'hello']);
          if (!headers.cookie) expect(cookieOf(answer)).not.toBe('');
        }
      }
    },
  );

  test('a malformed cookie is deleted with load: lazy, whether or not anybody looks', async () => {
    const sessions = make({ load: 'lazy', ...options });
    const app = express();
    app.use(expressSessions(sessions));
    app.get('/', (_req, res) => void res.send('x'));
    const { port } = await listen(app);
    const bare = await listen(nodeSessions(sessions, (_q, s) => void s.end('x')));
    const headers = { cookie: 'session=nonsense' };
    expect(cookieOf(await get(bare.port, { headers }))).toBe('session=');
    expect(cookieOf(await get(port, { headers }))).toBe('session=');
  });

  test('a first look after the head and after the client went is refused, or what it writes is stored', async () => {
    const sessions = make({ store: many(), ...options });
    const { cookie, who } = await known(sessions);
    let done: (v: unknown) => void;
    const result = new Promise((r) => (done = r));
    const app = express();
    app.use(expressSessions(sessions));
    app.get('/', (req: any, res: any) => {
      res.set('Cache-Control', 'no-store');
      res.write('data: 1\n\n');
      res.on('close', () => {
        try {
          req.session.left = 1;
          done('accepted');
        } catch (error) {
          done((error as any).code);
        }
      });
    });
    const { port } = await listen(app);
    const client = ask({ port, host: '127.0.0.1', headers: { cookie }, agent: false });
    client.on('error', () => undefined);
    client.on('response', () => setTimeout(() => client.destroy(), 20));
    client.end();
    const said = await result;
    await new Promise((r) => setTimeout(r, 100));
    const stored = (await who()).left === 1;
    expect(said === 'accepted').toBe(stored);
  });

  test('a middleware that changes the Cookie header later does not turn the session into a promise', async () => {
    const sessions = make({ store: many(), ...options });
    const { cookie } = await known(sessions);
    const app = express();
    app.use(expressSessions(sessions));
    app.use((req, _res, next) => {
      req.headers.cookie = cookie;
      next();
    });
    app.get('/', (req: any, res: any) => void res.send(String(typeof req.session.get)));
    const { port } = await listen(app);
    expect((await get(port)).text).toBe('function');
  });
});

test('a wrapper of end mounted before us sees the head as it goes, in each request', async () => {
  const sessions = make();
  const seen: any[] = [];
  const app = express();
  app.use((_req: any, res: any, next: any) => {
    const { end } = res;
    res.end = function (...args: any[]) {
      seen.push([res.getHeader('Cache-Control'), res.getHeader('Set-Cookie') !== undefined]);
      return end.apply(this, args);
    };
    next();
  });
  app.use(expressSessions(sessions));
  app.get('/', (req: any, res: any) => {
    req.session.n = 1;
    res.send('x');
  });
  const { port } = await listen(app);
  await get(port);
  await get(port);
  expect(seen).toEqual([
    ['no-store', true],
    ['no-store', true],
  ]);
});

test('a header hook mounted before us sees our cookie, in each request', async () => {
  const sessions = make();
  const seen: any[] = [];
  const app = express();
  app.use((_req: any, res: any, next: any) => {
    onHeaders(res, () => void seen.push(res.getHeader('Set-Cookie') !== undefined));
    next();
  });
  app.use(expressSessions(sessions));
  app.get('/', (req: any, res: any) => {
    req.session.n = 1;
    res.send('x');
  });
  const { port } = await listen(app);
  await get(port);
  await get(port);
  expect(seen).toEqual([true, true]);
});

test('delete req.session ends the session, as on node:http', async () => {
  for (const look of [true, false]) {
    const sessions = make();
    const { cookie, who } = await known(sessions);
    const app = express();
    app.use(expressSessions(sessions));
    app.get('/', (req: any, res: any) => {
      if (look) req.session.user;
      delete req.session;
      res.send('out');
    });
    const { port } = await listen(app);
    await get(port, { headers: { cookie } });
    expect(await who()).toEqual({});
  }
});

test('req.session = null without a look ends the session', async () => {
  const sessions = make({ store: many() });
  const { cookie, who } = await known(sessions);
  const app = express();
  app.use(expressSessions(sessions));
  app.get('/', (req: any, res: any) => {
    req.session = null;
    res.send('out');
  });
  const { port } = await listen(app);
  const answer = await get(port, { headers: { cookie } });
  expect(cookieOf(answer)).toBe('session=');
  expect(await who()).toEqual({});
});

test.each([
  ['Object.create', (one: any) => Object.create(one)],
  ['a Proxy', (one: any) => new Proxy(one, {})],
])('%s of the request has the session, and of the response the gate', async (_n, wrap) => {
  const sessions = make({ store: many() });
  const app = express();
  app.use(expressSessions(sessions));
  app.get('/', (req: any, res: any) => {
    const r = wrap(req);
    if (r.session === undefined) return void res.status(500).end('no session');
    r.session.n = 1;
    wrap(res).end('x');
  });
  const { port } = await listen(app);
  const answer = await get(port);
  expect(answer.text).toBe('x');
  expect(cookieOf(answer)).not.toBe('');
});

test('a first look after writeHead with a private head of its own is allowed', async () => {
  const sessions = make({ store: many() });
  const { cookie } = await known(sessions);
  const app = express();
  app.disable('x-powered-by');
  app.use(expressSessions(sessions));
  app.get('/', (req: any, res: any) => {
    res.writeHead(200, { 'Cache-Control': 'private' });
    let user: unknown;
    try {
      user = req.session.user;
    } catch (error) {
      user = (error as any).code;
    }
    res.end(String(user));
  });
  const { port } = await listen(app);
  expect((await get(port, { headers: { cookie } })).text).toBe('ann');
});

test('express-session on other routes of the same process', async () => {
  const sessions = make();
  const app = express();
  app.use('/ours', expressSessions(sessions));
  app.use('/theirs', expressSession({ secret: 's', resave: false, saveUninitialized: false }));
  app.get(['/ours', '/theirs'], (req: any, res: any) => {
    req.session.n = (req.session.n ?? 0) + 1;
    res.send(String(req.session.n));
  });
  const { port } = await listen(app);
  for (const path of ['/ours', '/theirs', '/ours']) {
    const first = await get(port, { path });
    const second = await get(port, { path, headers: { cookie: cookieOf(first) } });
    expect([first.text, second.text]).toEqual(['1', '2']);
  }
});
test('two instances, both looked at for the first time late', async () => {
  const a = make({ store: many(), cookie: { secure: false, name: 'a' } });
  const b = make({ store: many(), cookie: { secure: false, name: 'b' } });
  const app = express();
  app.use(expressSessions(a));
  app.use((_req: any, _res: any, next: any) => {
    // The outer one's, by the ambient context.
    setImmediate(() =>
      setImmediate(() => {
        ambient.outer = 1;
      }),
    );
    next();
  });
  app.use(expressSessions(b));
  app.get('/', (req: any, res: any) => {
    req.session.inner = 1;
    setTimeout(() => res.send('x'), 30);
  });
  const { port } = await listen(app);
  expect(
    cookieOf(await get(port))
      .replace(/=[^;]*/g, '')
      .split('; ')
      .sort(),
  ).toEqual(['a', 'b']);
});

test('two instances that both write keep both their cookies', async () => {
  const a = make({ store: many(), cookie: { secure: false, name: 'a' } });
  const b = make({ store: many(), cookie: { secure: false, name: 'b' } });
  const app = express();
  app.use(expressSessions(a));
  app.use((req: any, _res: any, next: any) => {
    req.session.outer = 1;
    next();
  });
  app.use(expressSessions(b));
  app.get('/', (req: any, res: any) => {
    req.session.inner = 1;
    res.send('x');
  });
  const { port } = await listen(app);
  for (let i = 0; i < 2; i++)
    expect(
      cookieOf(await get(port))
        .replace(/=[^;]*/g, '')
        .split('; ')
        .sort(),
    ).toEqual(['a', 'b']);
});

test('req.session = null is carried out where the client went before the answer', async () => {
  const sessions = make({ store: many() });
  const { cookie, who } = await known(sessions);
  const app = express();
  app.use(expressSessions(sessions));
  app.get('/', (req: any) => {
    req.session = null;
    setTimeout(() => client.destroy(), 10);
  });
  const { port } = await listen(app);
  const client = ask({ port, host: '127.0.0.1', headers: { cookie }, agent: false });
  client.on('error', () => undefined);
  client.end();
  await new Promise((r) => setTimeout(r, 150));
  expect(await who()).toEqual({});
});

test('a cache mounted before us keeps no private page', async () => {
  // As response caches do: the body as it goes by, if the head allows a shared cache to keep it.
  const sessions = make();
  const kept: string[] = [];
  const app = express();
  app.use((_req: any, res: any, next: any) => {
    const { end } = res;
    res.end = function (...args: any[]) {
      if (!/private|no-store/.test(String(res.getHeader('Cache-Control') ?? ''))) kept.push(String(args[0]));
      return end.apply(this, args);
    };
    next();
  });
  app.use(expressSessions(sessions));
  app.get('/', (req: any, res: any) => void res.send(`hello ${req.session.user ?? 'nobody'}`));
  const { port } = await listen(app);
  await get(port);
  await get(port);
  expect(kept).toEqual([]);
});

test('what a close listener writes, registered before the answer began, is stored', async () => {
  const sessions = make({ store: many() });
  const { cookie, who } = await known(sessions);
  let said: unknown;
  const app = express();
  app.use(expressSessions(sessions));
  app.get('/', (req: any, res: any) => {
    res.on('close', () => {
      try {
        req.session.left = 1;
        said = 'accepted';
      } catch (error) {
        said = (error as any).code;
      }
    });
    res.set('Cache-Control', 'no-store');
    req.session.user;
    res.write('x');
  });
  const { port } = await listen(app);
  const client = ask({ port, host: '127.0.0.1', headers: { cookie }, agent: false });
  client.on('error', () => undefined);
  client.on('response', () => setTimeout(() => client.destroy(), 20));
  client.end();
  await new Promise((r) => setTimeout(r, 150));
  expect([said, (await who()).left]).toEqual(['accepted', 1]);
});
