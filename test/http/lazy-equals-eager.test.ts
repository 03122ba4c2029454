import { createReadStream } from 'node:fs';
import compression from 'compression';
import express from 'express';
import express4 from 'express4';
import onHeaders from 'on-headers';
import { describe, expect, test } from 'vitest';
import { expressSessions } from '../../src/http/express.ts';
import { session as ambient, createSessions, type SessionInterface } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import { get, listen } from './servers.ts';

/** The same sessions for an adapter that opens each at once. */
const eager = (s: any): SessionInterface<any> => ({
  open: (r: any) => s.open(r),
  commit: (x: any, r: any) => s.commit(x, r),
  isNull: (x: any) => s.isNull(x),
  ambient: s.ambient,
  watch: (x: any, h: any) => s.watch(x, h),
  sent: (x: any, p: any) => s.sent(x, p),
  finish: (x: any) => s.finish(x),
  ended: (x: any) => s.ended(x),
  abandon: (x: any) => s.abandon(x),
});

const late = (fn: () => unknown, res: any) => {
  try {
    fn();
    res.locals.said = 'ok';
  } catch (error) {
    res.locals.said = (error as any).code ?? String(error);
  }
};
const bump = (s: any) => {
  s.n = (s.n ?? 0) + 1;
};
const handlers: Record<string, (req: any, res: any, next: any) => unknown> = {
  send: (req, res) => {
    bump(req.session);
    res.send(`n ${req.session.n}`);
  },
  'ambient only': (_req, res) => {
    bump(ambient);
    res.send('x');
  },
  'no look': (_req, res) => res.send('x'),
  'a look': (req, res) => res.send(String(req.session.n)),
  204: (req, res) => {
    bump(req.session);
    res.sendStatus(204);
  },
  304: (req, res) => {
    bump(req.session);
    res.status(304).end();
  },
  redirect: (req, res) => {
    bump(req.session);
    res.redirect('/x');
  },
  null: (req, res) => {
    req.session = null;
    res.send('x');
  },
  'null then look': (req, res) => {
    req.session = null;
    res.send(String(req.session));
  },
  'destroy, never looked': (req, res) => {
    req.session.destroy();
    res.send('x');
  },
  'ambient destroy': (_req, res) => {
    ambient.destroy();
    res.send('x');
  },
  replaced: (req, res) => {
    req.session = { mine: 1 };
    res.send('x');
  },
  'put back': (req, res) => {
    const s = req.session;
    req.session = {};
    req.session = s;
    bump(s);
    res.send('x');
  },
  throws: () => {
    throw Object.assign(new Error('x'), { status: 418 });
  },
  'writes and throws': (req) => {
    bump(req.session);
    throw Object.assign(new Error('x'), { status: 418 });
  },
  'not found': (_req, _res, next) => next(),
  'after write': (req, res) => {
    res.write('a');
    late(() => bump(req.session), res);
    res.end(res.locals.said);
  },
  'after a private write': (req, res) => {
    res.set('Cache-Control', 'private');
    res.write('a');
    late(() => bump(req.session), res);
    res.end(res.locals.said);
  },
  'after writeHead': (req, res) => {
    res.writeHead(200, { 'Cache-Control': 'no-store' });
    late(() => bump(req.session), res);
    res.end(res.locals.said);
  },
  'after flushHeaders': (req, res) => {
    res.flushHeaders();
    late(() => bump(req.session), res);
    res.end(res.locals.said);
  },
  'look, private, write later': (req, res) => {
    void req.session.n;
    res.write('a');
    setTimeout(() => {
      late(() => bump(req.session), res);
      res.end(res.locals.said);
    }, 5);
  },
  'end twice': (req, res) => {
    // Node tells of the second by an error event, which nobody hears otherwise.
    res.on('error', () => undefined);
    bump(req.session);
    res.end('a');
    res.end('b');
  },
  pipe: (req, res) => {
    createReadStream('package.json').pipe(res);
    bump(req.session);
  },
  'after end': (req, res) => {
    res.end('a');
    late(() => bump(req.session), res);
  },
  'in finish': (req, res) => {
    res.on('finish', () => late(() => bump(req.session), res));
    res.send('x');
  },
  'in a timer': (req, res) => {
    setTimeout(() => {
      late(() => bump(req.session), res);
      res.send(res.locals.said);
    }, 5);
  },
  regenerate: (req, res) => {
    req.session.regenerate({ keep: true });
    bump(req.session);
    res.send('x');
  },
  permanent: (req, res) => {
    req.session.permanent = true;
    bump(req.session);
    res.send('x');
  },
  'save early': async (req, res) => {
    bump(req.session);
    await req.session.save();
    res.send(String(req.session.n));
  },
  'etag hit': (req, res) => {
    void req.session.n;
    res.set('ETag', '"x"').send('same');
  },
  'json with status head': (req, res) => {
    bump(req.session);
    res.writeHead(201, 'Made', ['X-A', '1', 'Cache-Control', 'public']);
    res.end('{}');
  },
};

const wrappers: Record<string, (() => any)[]> = {
  none: [],
  compression: [() => compression({ threshold: 0 })],
  'end wrapped': [
    () => (_q: any, res: any, next: any) => {
      const { end } = res;
      res.end = function (...a: any[]) {
        return end.apply(this, a);
      };
      next();
    },
  ],
  'header hook': [
    () => (_q: any, res: any, next: any) => {
      onHeaders(res, () => void res.setHeader('X-Hook', String(res.getHeader('Set-Cookie') !== undefined)));
      next();
    },
  ],
  'header hook that looks': [
    () => (q: any, res: any, next: any) => {
      onHeaders(res, () => {
        try {
          res.setHeader('X-N', String(q.session?.n));
        } catch (e) {
          res.setHeader('X-N', (e as any).code);
        }
      });
      next();
    },
  ],
  'header hook that writes': [
    () => (q: any, res: any, next: any) => {
      onHeaders(res, () => {
        try {
          if (q.session) q.session.hook = (q.session.hook ?? 0) + 1;
        } catch {}
      });
      next();
    },
  ],
};

const many = (): any => {
  const store: any = memoryStore();
  return Object.assign(store, { readMany: (keys: string[]) => Promise.all(keys.map((k) => store.read(k))) });
};

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
] as [string, any][])('%s', (_f, make) => {
  describe.each(Object.keys(wrappers))('wrapper: %s', (wrapper) => {
    test.each(Object.keys(handlers))('%s: made late or at once, the same', async (name) => {
      for (const where of ['before', 'after']) {
        const seen: unknown[] = [];
        for (const lazily of [false, true]) {
          const sessions: any = createSessions<any>({
            store: many(),
            clock: fakeClock(),
            sweep: false,
            cookie: { secure: false },
          } as any);
          const mounted = expressSessions(lazily ? sessions : eager(sessions));
          const app = make();
          app.set('env', 'test');
          if (where === 'before') for (const w of wrappers[wrapper] ?? []) app.use(w());
          app.use(mounted);
          if (where === 'after') for (const w of wrappers[wrapper] ?? []) app.use(w());
          app.get('/in', (req: any, res: any) => {
            req.session.n = 10;
            res.send('in');
          });
          app.get('/n', (req: any, res: any) => res.json(req.session));
          let said: unknown;
          app.use((req: any, res: any, next: any) => {
            res.on('close', () => {
              said = res.locals.said;
            });
            void handlers[name]?.(req, res, next);
          });
          const { port } = await listen(app);
          const log: unknown[] = [];
          const note = (a: any) =>
            log.push([
              a.status,
              a.message,
              a.complete,
              a.text,
              Object.fromEntries(
                Object.entries(a.headers)
                  .filter(([k]) => k !== 'date')
                  .map(([k, v]) => [
                    k,
                    String(v)
                      .replace(/session=[^;]+/g, 'session=*')
                      .replace(/Expires=[^;]+/g, 'Expires=*'),
                  ]),
              ),
            ]);
          const first = await get(port, { path: '/in' });
          const cookie = (first.headers['set-cookie'] ?? []).map((c) => c.split(';')[0]).join('; ');
          for (const headers of [
            {},
            {},
            { cookie },
            { cookie, 'if-none-match': '"x"' },
            { cookie: 'session=bad' },
            { cookie: `session=${'A'.repeat(cookie.length - 8)}` },
            { cookie: `${cookie}; ${cookie}` },
          ] as any[]) {
            for (const method of ['GET', 'HEAD']) {
              try {
                note(await get(port, { headers, method }));
              } catch (e) {
                log.push(String(e));
              }
              log.push(said);
            }
          }
          note(await get(port, { path: '/n', headers: { cookie } }));
          seen.push(log);
        }
        expect(seen[1], where).toEqual(seen[0]);
      }
    });
  });
});
