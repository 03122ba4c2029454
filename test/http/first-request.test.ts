import compression from 'compression';
import express from 'express';
import express4 from 'express4';
import { expect, test } from 'vitest';
import { expressSessions } from '../../src/http/express.ts';
import { createSessions } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { get, listen } from './servers.ts';

test.each([
  [
    'Express 5, wrapped by hand',
    express,
    () => (_req: any, res: any, next: any) => {
      const { end } = res;
      res.end = function (...args: any[]) {
        return end.apply(this, args);
      };
      next();
    },
  ],
  ['Express 4, compression', express4, () => compression({ threshold: 0 })],
])(
  '%s: the very first request of a process is stored where a wrapper was mounted before',
  async (_n, make: any, wrap: any) => {
    const sessions = createSessions({ store: memoryStore(), sweep: false, cookie: { secure: false } } as any);
    const app = make();
    app.use(wrap());
    app.use(expressSessions(sessions));
    app.get('/', (req: any, res: any) => {
      req.session.n = (req.session.n ?? 0) + 1;
      res.send(`visit ${req.session.n}`);
    });
    const { port } = await listen(app);
    const answers = [];
    for (let i = 0; i < 2; i++) answers.push(await get(port));
    expect(answers.map((a) => (a.headers['set-cookie'] ?? []).length)).toEqual([1, 1]);
  },
);
