import { AsyncLocalStorage } from 'node:async_hooks';
import express from 'express';
import { describe, expect, test } from 'vitest';
import { CoatcheckError } from '../../src/errors.ts';
import { expressSessions } from '../../src/http/express.ts';
import { createSessions } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { get, listen } from '../http/servers.ts';

const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms));
const slow = (ms: number, many = false): any => {
  const store: any = memoryStore();
  const verbs = ['read', 'create', 'update', 'touch', 'destroy', 'put'];
  const late: any = Object.create(store);
  for (const verb of verbs) late[verb] = (...args: any[]) => sleep(ms).then(() => store[verb](...args));
  if (many) late.readMany = (keys: string[]) => sleep(ms).then(() => Promise.all(keys.map((k) => store.read(k))));
  return Object.assign(late, { capabilities: store.capabilities });
};
const cookieOf = (a: any) => (a.headers['set-cookie'] ?? []).map((c: string) => c.split(';')[0]).join('; ');
const serve = async (sessions: any) => {
  const app = express();
  app.use(expressSessions(sessions));
  app.get('/in', (req: any, res: any) => {
    req.session.user = 'ann';
    res.send('in');
  });
  app.get('/count', (req: any, res: any) => {
    req.session.update('n', (n = 0) => n + 1);
    res.send('ok');
  });
  app.get('/who', (req: any, res: any) => res.send(String(req.session.user)));
  app.use((error: any, _q: any, res: any, _n: any) => {
    res.status(error.status ?? 500).send(error.code ?? String(error));
  });
  return (await listen(app)).port;
};

test('a hot session whose last visitors run out of time does not make a slow, sound store count as down', async () => {
  let other = '';
  let port = 0;
  const innocent: Promise<any>[] = [];
  const sessions = createSessions<any>({
    store: slow(90),
    sweep: false,
    deadline: { ms: 400 },
    cookie: { secure: false },
    onEvent: (e: any) => {
      if (e.type === 'store-error' && innocent.length === 0)
        innocent.push(get(port, { path: '/who', headers: { cookie: other } }));
    },
  } as any);
  port = await serve(sessions);
  const hot = cookieOf(await get(port, { path: '/in' }));
  other = cookieOf(await get(port, { path: '/in' }));
  await Promise.all(Array.from({ length: 8 }, () => get(port, { path: '/count', headers: { cookie: hot } })));
  expect((await Promise.all(innocent)).map((a) => `${a.status} ${a.text}`)).toEqual(['200 ann']);
});

describe.each([
  ['nobody listens', {}],
  ['somebody listens', { onEvent: () => undefined }],
])('%s', (_n, options) => {
  test.each([
    ['null', () => null],
    ['a record without a document', () => ({ version: 1, expiresAt: 9e15 })],
  ])('a store that answers %s is a store that failed, and never an error of another kind', async (_w, answer) => {
    let broken = false;
    const store = slow(0, true);
    const { read } = store;
    store.read = (key: string) => (broken ? Promise.resolve(answer()) : read(key));
    const sessions = createSessions<any>({ store, sweep: false, cookie: { secure: false }, ...options } as any);
    const port = await serve(sessions);
    const cookie = cookieOf(await get(port, { path: '/in' }));
    broken = true;
    const said = await get(port, { path: '/who', headers: { cookie } });
    expect(said.status).toBe(503);
  });
});

test('listeners and handlers of a turn that read together keep their own async context', async () => {
  const als = new AsyncLocalStorage<string>();
  const heard: any[] = [];
  const store = slow(5, true);
  let fail = false;
  const { readMany } = store;
  store.readMany = (keys: string[]) =>
    fail
      ? Promise.reject(new CoatcheckError('STORE_FAILED', 'x', { retryable: true, outcome: 'none' }))
      : readMany(keys);
  for (const listens of [true, false]) {
    heard.length = 0;
    fail = false;
    const sessions = createSessions<any>({
      store,
      sweep: false,
      cookie: { secure: false },
      ...(listens && { onEvent: (e: any) => heard.push([e.type, als.getStore()]) }),
    } as any);
    const app = express();
    app.use((req, _res, next) => als.run(String(req.query.id), next));
    app.use(expressSessions(sessions));
    app.get('/', (req: any, res: any) => {
      req.session.user ??= 'ann';
      res.send(als.getStore());
    });
    const { port } = await listen(app);
    const cookies = [] as string[];
    for (let i = 0; i < 8; i++) cookies.push(cookieOf(await get(port, { path: `/?id=${i}` })));
    heard.length = 0;
    const all = async () => {
      const answers = await Promise.all(
        cookies.map((cookie, i) => get(port, { path: `/?id=r${i}`, headers: { cookie } })),
      );
      expect(answers.map((a) => a.text)).toEqual(cookies.map((_, i) => `r${i}`));
    };
    await all();
    if (listens) expect(heard.map(([, id]) => id).sort()).toEqual(cookies.map((_, i) => `r${i}`));
    fail = true;
    heard.length = 0;
    setTimeout(() => {
      fail = false;
    }, 30);
    await all();
    for (const [, id] of heard) expect(id).toMatch(/^r\d$/);
    if (listens) expect(new Set(heard.map(([, id]) => id)).size).toBe(8);
  }
});
