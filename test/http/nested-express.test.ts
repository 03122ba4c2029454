import express from 'express';
import express4 from 'express4';
import { expect, test } from 'vitest';
import { expressSessions } from '../../src/http/express.ts';
import { createSessions } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { get, listen } from './servers.ts';

const cookieOf = (a: any): string => (a.headers['set-cookie'] ?? []).map((c: string) => c.split(';')[0]).join('; ');

/** Another copy of Express in ours, called as a function, so that nobody gives the request its prototype back. */
async function nested(before: (req: any) => void) {
  const store = Object.assign(memoryStore(), {
    readMany: (keys: readonly string[]) => Promise.all(keys.map((key) => store.read(key))),
  });
  const app = express();
  app.use(expressSessions(createSessions<any>({ store, sweep: false, cookie: { secure: false } } as any)));
  app.get('/who', (req: any, res: any) => void res.json(req.session));
  app.use(async (req: any, _res: any, next: any) => {
    before(req);
    await new Promise((resolve) => setImmediate(resolve));
    next();
  });
  const inner = express4();
  inner.get('/blank', (_req: any, res: any) => res.send('x'));
  inner.use((req: any, res: any) => {
    req.session.inner = (req.session.inner ?? 0) + 1;
    res.send('x');
  });
  app.use((req: any, res: any) => inner(req, res));
  const { port } = await listen(app);
  return (cookie: string, path = '/') => get(port, { path, headers: { cookie } });
}

// The first test of the file: no inner response has been seen yet.
test('a first visit that looks in the inner application is stored, from the first request of the process on', async () => {
  const ask = await nested(() => undefined);
  const cookie = cookieOf(await ask(''));
  expect(cookie).not.toBe('');
  for (let i = 0; i < 2; i++) expect((await ask(cookie)).text).toBe('x');
  expect(JSON.parse((await ask(cookie, '/who')).text)).toEqual({ inner: 3 });
});

test('from then on what was changed before the inner application is stored as well', async () => {
  const ask = await nested((req) => {
    req.session.outer = (req.session.outer ?? 0) + 1;
  });
  const cookie = cookieOf(await ask(''));
  await ask(cookie);
  expect(cookieOf(await ask('', '/blank'))).not.toBe('');
  expect(JSON.parse((await ask(cookie, '/who')).text)).toEqual({ outer: 2, inner: 2 });
});
