import { Agent, IncomingMessage } from 'node:http';
import { inspect } from 'node:util';
import express from 'express';
import expressSession from 'express-session';
import express4 from 'express4';
import { describe, expect, test, vi } from 'vitest';
import { expressSessions } from '../../src/http/express.ts';
import { session as ambient, createSessions } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { get, listen, wire } from './servers.ts';

const many = (): any => {
  const store: any = memoryStore();
  return Object.assign(store, { readMany: (keys: string[]) => Promise.all(keys.map((k) => store.read(k))) });
};
const make = (more: object = {}): any =>
  createSessions<any>({ store: many(), sweep: false, cookie: { secure: false }, ...more } as any);
const cookieOf = (a: any): string => (a.headers['set-cookie'] ?? []).map((c: string) => c.split(';')[0]).join('; ');

const put = (value: unknown) => (req: any) => {
  req.session = value;
};

/** A visitor whose session says `{ user: 'ann' }`, and what it says later. */
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

async function serve(sessions: any, handler: (req: any, res: any) => unknown, makeApp: any = express) {
  const app = makeApp();
  app.set('env', 'test');
  app.use(expressSessions(sessions));
  app.use((req: any, res: any) => handler(req, res));
  return (await listen(app)).port;
}

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
] as [string, any][])('%s', (_name, makeApp) => {
  test('requests in one pipeline on one socket keep their own sessions', async () => {
    const sessions = make();
    const visitors = await Promise.all(Array.from({ length: 6 }, () => known(sessions)));
    const port = await serve(
      sessions,
      async (req, res) => {
        const { n } = req.query;
        // The later ones are through before the first.
        await new Promise((resolve) => setTimeout(resolve, 40 - 6 * Number(n)));
        if (req.session.user === 'ann') req.session.n = n;
        ambient.m = n;
        res.send(`${n}=${req.session.n};`);
      },
      makeApp,
    );
    const bytes = visitors
      .map(({ cookie }, n) => `GET /?n=${n} HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\n\r\n`)
      .join('');
    const text = await wire(port, bytes, (all) => all.includes('5=5;'));
    expect(text.match(/\d=\d;/g)).toEqual(['0=0;', '1=1;', '2=2;', '3=3;', '4=4;', '5=5;']);
    expect(await Promise.all(visitors.map(({ who }) => who()))).toEqual(
      visitors.map((_one, n) => ({ user: 'ann', n: String(n), m: String(n) })),
    );
  });

  test('a session that nobody asks for is no property of its request, and is there for whoever asks', async () => {
    const sessions = make();
    const port = await serve(
      sessions,
      (req, res) => {
        const before = [Object.hasOwn(req, 'session'), 'session' in req];
        const { session } = req;
        const same = session === req.session;
        res.json([...before, same, typeof req.session.get, Object.keys(req).includes('session')]);
      },
      makeApp,
    );
    expect(JSON.parse((await get(port)).text)).toEqual([false, true, true, 'function', true]);
    const { cookie } = await known(sessions);
    const [own, ...rest] = JSON.parse((await get(port, { headers: { cookie } })).text);
    expect([typeof own, ...rest]).toEqual(['boolean', true, true, 'function', true]);
  });

  test.each([
    ['null', put(null)],
    ['nothing', put(undefined)],
    ['delete', (req: any) => void delete req.session],
  ])('%s in the place of a session that was asked for or not ends it', async (_what, end) => {
    for (const look of [false, true]) {
      const sessions = make();
      const { cookie, who } = await known(sessions);
      let left: unknown = 'unknown';
      const port = await serve(
        sessions,
        (req, res) => {
          if (look) void req.session.user;
          end(req);
          left = req.session;
          res.send('out');
        },
        makeApp,
      );
      expect(cookieOf(await get(port, { headers: { cookie } }))).toBe('session=');
      expect([left ?? undefined, await who()]).toEqual([undefined, {}]);
    }
  });

  test.each([
    ['null', put(null)],
    ['delete', (req: any) => void delete req.session],
  ])('what a first visit wrote is not stored after %s', async (_what, end) => {
    const store = many();
    const port = await serve(
      make({ store }),
      (req, res) => {
        req.session.user = 'eve';
        end(req);
        res.send(String(req.session));
      },
      makeApp,
    );
    expect((await get(port)).text).toMatch(/^(null|undefined)$/);
    expect(store.size ?? 0).toBe(0);
  });

  test('another object in the place of a session that nobody asked for is an error', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const sessions = make();
    const port = await serve(
      sessions,
      (req, res) => {
        req.session = { user: 'eve' };
        res.send('in');
      },
      makeApp,
    );
    expect((await get(port)).text).toBe('500 SESSION_REPLACED\n');
    told.mockRestore();
  });

  test('a first look long after the end is answered as one, also on a socket that went on', async () => {
    const sessions = make();
    const codes: unknown[] = [];
    let over: () => void;
    const looked = new Promise<void>((resolve) => (over = resolve));
    const port = await serve(
      sessions,
      (req, res) => {
        res.send('x');
        if (req.path !== '/first') return;
        setTimeout(() => {
          try {
            req.session.late = 1;
          } catch (error) {
            codes.push((error as any).code);
          }
          over();
        }, 60);
      },
      makeApp,
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const path of ['/first', '/second', '/third']) await get(port, { agent, path });
    await looked;
    agent.destroy();
    expect(codes).toEqual(['SESSION_CLOSED']);
  });

  test('another library’s req.session is its own in an application of the same process', async () => {
    await get(await serve(make(), (req, res) => res.json(req.session), makeApp));
    const app = makeApp();
    app.use((req: any, _res: any, next: any) => next(req.session === undefined ? undefined : new Error('there')));
    app.use(expressSession({ secret: 's', resave: false, saveUninitialized: false }));
    app.get('/', (req: any, res: any) => {
      req.session.n = (req.session.n ?? 0) + 1;
      res.send(`${req.session.n} ${Object.hasOwn(req, 'session')}`);
    });
    app.get('/out', (req: any, res: any) => req.session.destroy(() => res.send(typeof req.session)));
    const { port } = await listen(app);
    const first = await get(port);
    const headers = { cookie: cookieOf(first) };
    expect([first.text, (await get(port, { headers })).text]).toEqual(['1 true', '2 true']);
    expect((await get(port, { path: '/out', headers })).text).toBe('undefined');
  });

  test('of two instances the name is the innermost one’s, and both may be left unasked', async () => {
    const [a, b] = ['a', 'b'].map((name) => make({ cookie: { secure: false, name } }));
    const app = makeApp();
    app.use(expressSessions(a));
    app.use((req: any, _res: any, next: any) => {
      if (req.query.outer) req.session.outer = 1;
      next();
    });
    app.use(expressSessions(b));
    app.use((req: any, res: any) => {
      if (req.query.inner) req.session.inner = 1;
      res.json(req.query.inner ? [Object.keys(req.session), Object.keys(ambient)] : []);
    });
    const { port } = await listen(app);
    const names = async (path: string) =>
      (await get(port, { path })).headers['set-cookie']?.map((c) => c[0]).sort() ?? [];
    expect(await names('/')).toEqual([]);
    expect(await names('/?outer=1')).toEqual(['a']);
    expect(await names('/?inner=1')).toEqual(['b']);
    expect(await names('/?outer=1&inner=1')).toEqual(['a', 'b']);
    expect((await get(port, { path: '/?outer=1&inner=1' })).text).toBe('[["inner"],["inner"]]');
  });
});

test('neither a socket nor a request shows the ticket of a session that is under way', async () => {
  const sessions = make();
  const { cookie } = await known(sessions);
  const ticket = cookie.slice(cookie.indexOf('=') + 1);
  const seen: string[] = [];
  const port = await serve(sessions, (req, res) => {
    const { socket } = req;
    seen.push(inspect(socket, { depth: 1 }), inspect(req._readableState, { depth: 9, showHidden: true }));
    void req.session.user;
    seen.push(inspect(socket, { depth: 1 }), inspect(req._readableState, { depth: 9, showHidden: true }));
    res.send('x');
  });
  await get(port, { headers: { cookie } });
  expect(seen).toHaveLength(4);
  for (const text of seen) expect(text.includes(ticket) || text.includes('ann')).toBe(false);
});

test('modules that were loaded twice find the same session, and two instances of theirs both keep their cookies', async () => {
  vi.resetModules();
  const other: typeof import('../../src/http/express.ts') = await import('../../src/http/express.ts');
  expect(other.expressSessions).not.toBe(expressSessions);
  for (const [first, second] of [
    [expressSessions, other.expressSessions],
    [other.expressSessions, expressSessions],
  ] as const) {
    const [a, b] = ['a', 'b'].map((name) => make({ cookie: { secure: false, name } }));
    const app = express();
    app.use(first(a));
    app.use((req: any, _res: any, next: any) => {
      req.first = req.session;
      next();
    });
    app.use(second(a));
    app.get('/one', (req: any, res: any) => res.send(String(req.session === req.first)));
    app.use(second(b));
    app.get('/two', (req: any, res: any) => {
      req.first.n = 1;
      req.session.n = 1;
      res.send(String(req.session === req.first));
    });
    const { port } = await listen(app);
    for (let i = 0; i < 2; i++) {
      expect((await get(port, { path: '/one' })).text).toBe('true');
      const two = await get(port, { path: '/two' });
      expect([two.text, two.headers['set-cookie']?.map((c) => c[0]).sort()]).toEqual(['false', ['a', 'b']]);
    }
  }
});

test('requests of clients, and the class of all requests, have no session', () => {
  expect(IncomingMessage.prototype).toHaveProperty('session', undefined);
  const request: any = new IncomingMessage(undefined as never);
  expect([request.session, Object.keys(request).includes('session')]).toEqual([undefined, false]);
  request.session = 1;
  expect(Object.getOwnPropertyDescriptor(request, 'session')).toEqual({
    value: 1,
    writable: true,
    enumerable: true,
    configurable: true,
  });
});
