import { Agent } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import express from 'express';
import { describe, expect, test } from 'vitest';
import { expressSessions } from '../../src/http/express.ts';
import { session as ambient, createSessions } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { get, listen } from './servers.ts';

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');
const many = (): any => {
  const store: any = memoryStore();
  return Object.assign(store, { readMany: (keys: string[]) => Promise.all(keys.map((k) => store.read(k))) });
};

describe.each([true, false])('ambient: %s', (on) => {
  test.each([
    ['nobody looked', () => undefined],
    ['somebody looked', (req: any) => req.session.user],
    [
      'somebody wrote',
      (req: any) => {
        req.session.n = Math.random();
      },
    ],
    [
      'somebody put null',
      (req: any) => {
        req.session = null;
      },
    ],
    [
      'somebody looked after the end',
      (req: any, res: any) =>
        void res.on('finish', () => {
          try {
            req.session.user;
          } catch {}
        }),
    ],
    [
      'a timer looks later',
      (req: any, res: any) =>
        void res.on('close', () =>
          setTimeout(() => {
            try {
              on ? ambient.user : req.session.user;
            } catch {}
          }, 5),
        ),
    ],
  ])('nothing keeps a request alive when %s', async (_n, act: any) => {
    const sessions = createSessions<any>({
      store: many(),
      sweep: false,
      cookie: { secure: false },
      ambient: on,
    } as any);
    const refs: WeakRef<object>[] = [];
    const app = express();
    app.use(expressSessions(sessions));
    app.get('/', (req: any, res: any) => {
      refs.push(new WeakRef(req), new WeakRef(res));
      act(req, res);
      res.send('x');
    });
    const { port } = await listen(app);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let cookie = '';
    for (let i = 0; i < 6; i++) {
      const a = await get(port, { agent, headers: { cookie } });
      cookie = (a.headers['set-cookie'] ?? []).map((c: string) => c.split(';')[0]).join('; ') || cookie;
    }
    // The connection itself holds the latest one.
    const alive = () => {
      gc();
      return refs.slice(0, -2).filter((ref) => ref.deref() !== undefined).length;
    };
    await expect.poll(alive, { interval: 20, timeout: 2000 }).toBe(0);
    agent.destroy();
  });
});
