import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import compression from 'compression';
import connect from 'connect';
import express from 'express';
import express4 from 'express4';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { expressSessions } from '../../src/http/express.ts';
import { session as ambient, currentSession } from '../../src/session/ambient.ts';
import { cookie, TestInterface } from './interfaces.ts';
import { get, listen } from './servers.ts';

const makes: [string, () => any][] = [
  ['Express 5', () => express()],
  ['Express 4', () => express4()],
  ['Connect', () => connect()],
];
const frameworks = makes.slice(0, 2);

let folder: string;
let file: string;
const big = Buffer.alloc(3 * 1024 * 1024, 'All work and no play. ');
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-'));
  file = join(folder, 'page.html');
  await writeFile(file, big);
});
afterAll(() => rm(folder, { recursive: true }));

function sessionsWith(mode: 'sync' | 'async', changes = cookie()) {
  const sessions = new TestInterface();
  sessions.answer = () => (mode === 'sync' ? changes : new Promise((resolve) => setImmediate(resolve, changes)));
  return sessions;
}

describe.each(frameworks)('%s', (_name, make) => {
  const styles: Record<string, (req: any, res: any, next: (error?: unknown) => void) => unknown> = {
    send: (_req, res) => res.send('hello'),
    json: (_req, res) => res.json({ hello: 1 }),
    redirect: (_req, res) => res.redirect('/elsewhere'),
    sendStatus: (_req, res) => res.sendStatus(204),
    sendFile: (_req, res) => res.sendFile(file),
    pipe: (_req, res) => createReadStream(file).pipe(res),
    end: (_req, res) => res.end(),
    'not found': (_req, _res, next) => next(),
    error: (_req, _res, next) => next(Object.assign(new Error('x'), { status: 418 })),
    thrown: () => {
      throw Object.assign(new Error('x'), { status: 418 });
    },
    'own cookies': (_req, res) => res.cookie('a', '1').cookie('id', 'old').vary('Accept').send('x'),
    'public page': (_req, res) => res.set('Cache-Control', 'public, s-maxage=9').send('x'),
  };
  const app = (sessions: TestInterface, handler: (typeof styles)[string], before: any[] = [], after: any[] = []) => {
    const server = make();
    server.set('env', 'test');
    for (const middleware of before) server.use(middleware);
    server.use(expressSessions(sessions));
    for (const middleware of after) server.use(middleware);
    server.use(handler);
    return listen(server);
  };

  describe.each(['sync', 'async'] as const)('with a %s commit', (mode) => {
    test.each(Object.entries(styles))('%s carries our head and is committed once', async (_style, handler) => {
      const sessions = sessionsWith(mode);
      const { port } = await app(sessions, handler);
      const answer = await get(port);
      const cookies = answer.headers['set-cookie'] ?? [];
      expect(cookies.filter((field) => field.startsWith('id='))).toEqual(['id=ann; Path=/']);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers.vary).toMatch(/(^|, )Cookie$/);
      expect(answer.complete).toBe(true);
      expect(sessions.log).toEqual(['open', 'commit', 'sent private', 'ended']);
      expect(sessions.statuses).toEqual([answer.status]);
    });

    test('a conditional request gets its 304 with our head', async () => {
      const { port } = await app(sessionsWith(mode), styles.send as never);
      const { etag } = (await get(port)).headers;
      const answer = await get(port, { headers: { 'If-None-Match': String(etag) } });
      expect(answer.status).toBe(304);
      expect(answer.headers['set-cookie']).toEqual(['id=ann; Path=/']);
    });

    describe.each(['before', 'after', 'on both sides'])('compression mounted %s', (place) => {
      const bodies: Record<string, (res: any) => unknown> = {
        send: (res) => res.type('html').send(big.toString()),
        pipe: (res) => createReadStream(file).pipe(res.type('html')),
        sendFile: (res) => res.sendFile(file),
        writes: async (res) => {
          res.type('html');
          for (let at = 0; at < big.length; at += 1_000_000) {
            if (!res.write(big.subarray(at, at + 1_000_000))) await new Promise((go) => res.once('drain', go));
          }
          res.end();
        },
        'small writes': async (res) => {
          res.type('html');
          for (let at = 0; at < 5000; at += 1000) {
            if (!res.write(big.subarray(at, at + 1000))) await new Promise((go) => res.once('drain', go));
          }
          res.end(big.subarray(5000));
        },
      };
      test.each(Object.entries(bodies))('%s decodes to what was sent', async (_style, body) => {
        const sessions = sessionsWith(mode);
        const packs = [compression()];
        const before = place === 'after' ? [] : packs;
        const after = place === 'before' ? [] : place === 'after' ? packs : [compression()];
        const { port } = await app(sessions, (_req, res) => body(res), before, after);
        const answer = await get(port, { headers: { 'Accept-Encoding': 'gzip' } });
        expect(answer.headers['content-encoding']).toBe('gzip');
        expect(answer.headers['set-cookie']).toEqual(['id=ann; Path=/']);
        expect(answer.headers.vary?.split(', ').sort()).toEqual(['Accept-Encoding', 'Cookie']);
        const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
        expect(sum(gunzipSync(answer.body))).toBe(sum(big));
        expect(sessions.log).toEqual(['open', 'commit', 'sent private', 'ended']);
      });
    });
  });

  test('an error after the first byte breaks the answer instead of sending a second', async () => {
    const sessions = sessionsWith('async');
    const errors: unknown[] = [];
    const { port } = await app(sessions, (_req, res, next) => {
      res.write('half');
      errors.push(res.headersSent);
      next(new Error('x'));
    });
    const answer = await get(port).catch(() => undefined);
    expect(answer?.complete ?? false).toBe(false);
    expect(errors).toEqual([true]);
  });

  test('a failed commit is answered with its status, whatever the handler sent', async () => {
    const sessions = new TestInterface();
    sessions.answer = () => Promise.reject(Object.assign(new Error('x'), { status: 413 }));
    const { port } = await app(sessions, (_req, res) => res.status(200).json({ saved: true }));
    expect(await get(port)).toMatchObject({ status: 413, text: '413 Content Too Large\n' });
  });

  test('onError writes with the framework’s own means', async () => {
    const sessions = new TestInterface();
    sessions.answer = () => Promise.reject(new Error('x'));
    const server = make();
    server.use(expressSessions(sessions, { onError: (_error, _req, res) => res.status(503).json({ again: true }) }));
    server.use((_req: any, res: any) => res.set('X-Mine', '1').send('mine'));
    const { port } = await listen(server);
    const answer = await get(port);
    expect(answer).toMatchObject({ status: 503, text: '{"again":true}' });
    expect(answer.headers['x-mine']).toBeUndefined();
  });

  test('mounted twice, a sub-application finds the same session and nothing is committed twice', async () => {
    const sessions = sessionsWith('async');
    const sub = make();
    sub.use(expressSessions(sessions));
    sub.use((req: any, res: any) => res.send(String(req.session === req.first && req.session.n === 1)));
    const server = make();
    server.use(expressSessions(sessions));
    server.use((req: any, _res: any, next: () => void) => {
      req.session.n = 1;
      req.first = req.session;
      next();
    });
    server.use('/sub', sub);
    const { port } = await listen(server);
    expect((await get(port, { path: '/sub/x' })).text).toBe('true');
    expect(sessions.log).toEqual(['open', 'commit', 'sent private', 'ended']);
  });
});

describe.each(makes)('%s: req.session', (_name, make) => {
  const serve = async (sessions: TestInterface, handler: (req: any, res: any) => unknown) => {
    const server = make();
    server.use(expressSessions(sessions));
    server.use((req: any, res: any) => handler(req, res));
    return (await listen(server)).port;
  };

  test('null in its place destroys the session before the commit', async () => {
    const sessions = sessionsWith('sync');
    sessions.opening = () => ({
      destroy() {
        sessions.log.push('destroy');
        return Promise.resolve();
      },
    });
    const port = await serve(sessions, (req, res) => {
      req.session = null;
      res.end('out');
    });
    expect((await get(port)).text).toBe('out');
    expect(sessions.log).toEqual(['open', 'destroy', 'commit', 'sent private', 'ended']);
  });

  test.each([
    ['another object', { user: 'eve' }],
    ['null where it has no destroy', null],
  ])('%s is an error at commit', async (_what, value) => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const sessions = sessionsWith('sync');
    const port = await serve(sessions, (req, res) => {
      req.session = value;
      res.end('ok');
    });
    expect(await get(port)).toMatchObject({ status: 500, text: '500 SESSION_REPLACED\n' });
    expect(told).toHaveBeenCalledOnce();
    told.mockRestore();
  });

  test('open that gives nothing gives the null session: reads are empty, writes explain, no commit', async () => {
    const sessions = new TestInterface();
    sessions.opening = () => undefined;
    const port = await serve(sessions, (req, res) => {
      let code: unknown;
      try {
        req.session.user = 'ann';
      } catch (error) {
        code = (error as { code: unknown }).code;
      }
      res.end(JSON.stringify([req.session.user, 'user' in req.session, Object.keys(req.session), code]));
    });
    expect(JSON.parse((await get(port)).text)).toEqual([null, false, [], 'SESSION_UNAVAILABLE']);
    expect(sessions.log).toEqual(['open']);
  });

  test('a session that the interface calls null is not committed', async () => {
    const sessions = new TestInterface();
    sessions.opening = async () => ({ null: true });
    const port = await serve(sessions, (_req, res) => res.end('x'));
    expect((await get(port)).text).toBe('x');
    expect(sessions.log).toEqual(['open']);
  });

  test.each(['rejects', 'throws'])('open that %s goes to the framework’s error handler', async (how) => {
    const sessions = new TestInterface();
    const error = Object.assign(new Error('down'), { status: 503 });
    sessions.opening = () => {
      if (how === 'throws') throw error;
      return Promise.reject(error);
    };
    const server = make();
    if ('set' in server) server.set('env', 'test');
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    server.use(expressSessions(sessions));
    server.use((_error: any, _req: any, res: any, _next: any) => {
      res.statusCode = _error.status;
      res.end('handled');
    });
    const { port } = await listen(server);
    expect(await get(port)).toMatchObject({ status: 503, text: 'handled' });
    told.mockRestore();
  });

  test('two instances: the imported session and req.session are the innermost', async () => {
    const outer = new TestInterface();
    const inner = new TestInterface();
    outer.opening = () => ({ name: 'outer' });
    inner.opening = async () => ({ name: 'inner' });
    const server = make();
    server.use(expressSessions(outer));
    server.use(expressSessions(inner));
    server.use((req: any, res: any) => res.end(`${req.session.name} ${(ambient as any).name}`));
    const { port } = await listen(server);
    expect((await get(port)).text).toBe('inner inner');
    expect([outer.log, inner.log]).toEqual([
      ['open', 'commit', 'sent', 'ended'],
      ['open', 'commit', 'sent', 'ended'],
    ]);
  });
});

test('next is called at once where open answers at once', () => {
  const sessions = new TestInterface();
  const order: string[] = [];
  const res = { writeHead() {}, write() {}, end() {}, flushHeaders() {}, emit: () => true, once() {}, on() {} };
  const req = { headers: {}, httpVersionMajor: 1 };
  expressSessions(sessions)(req as never, res as never, () => order.push('next'));
  order.push('after');
  expect(order).toEqual(['next', 'after']);
});

test('with ambient: false there is no context, and req.session still is', async () => {
  const sessions = new TestInterface();
  sessions.ambient = false;
  const server = express();
  server.use(expressSessions(sessions));
  server.use((req, res) => void res.send(String([typeof req.session, currentSession()])));
  const { port } = await listen(server);
  expect((await get(port)).text).toBe('object,');
});

test('brotli decodes too', async () => {
  const server = express();
  server.use(compression(), expressSessions(sessionsWith('async') as TestInterface));
  server.use((_req, res) => void res.type('html').send(big));
  const { port } = await listen(server);
  const { body } = await get(port, { headers: { 'Accept-Encoding': 'br' } });
  expect(brotliDecompressSync(body).equals(big)).toBe(true);
});
