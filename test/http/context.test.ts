import { EventEmitter } from 'node:events';
import { Agent } from 'node:http';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import express from 'express';
import { describe, expect, test } from 'vitest';
import { expressSessions } from '../../src/http/express.ts';
import { nodeSessions } from '../../src/http/node.ts';
import { currentSession, session } from '../../src/session/ambient.ts';
import { TestInterface, turn } from './interfaces.ts';
import { get, get2, listen, listen2 } from './servers.ts';

const name = (): string => (session as { name?: string }).name ?? 'nobody';

function named() {
  const sessions = new TestInterface();
  sessions.opening = async (request) => ({ name: /id=(\w+)/.exec(request.cookie ?? '')?.[1] });
  sessions.answer = async () => ({ setCookie: [], looked: true });
  return sessions;
}

const ann = { headers: { Cookie: 'id=ann' } };

describe('listeners on the request and the response find their session', () => {
  const handler = (req: any, res: any) => {
    const seen: string[] = [];
    req.on('data', () => seen.push(name()));
    req.on('end', () => {
      seen.push(name());
      res.end(seen.join());
    });
  };

  test('a body read by events, on HTTP/1 and HTTP/2', async () => {
    const { port } = await listen(nodeSessions(named(), handler));
    expect((await get(port, { ...ann, method: 'POST', body: 'x' })).text).toBe('ann,ann');
    expect((await get(port, { ...ann, method: 'POST', body: Buffer.alloc(300_000) })).text).toMatch(/^(ann,)+ann$/);
    const two = await listen2(nodeSessions(named(), handler) as never);
    expect((await get2(two.port, { headers: { cookie: 'id=ann' }, method: 'POST', body: 'x' })).text).toBe('ann,ann');
  });

  test('a request without a body keeps its own emit', async () => {
    const { port } = await listen(nodeSessions(named(), (req, res) => res.end(String(Object.hasOwn(req, 'emit')))));
    expect((await get(port)).text).toBe('false');
    expect((await get(port, { method: 'POST', body: 'x' })).text).toBe('true');
  });

  test('drain, finish and close of the response', async () => {
    const seen: string[] = [];
    const { port } = await listen(
      nodeSessions(named(), (_req, res) => {
        for (const event of ['drain', 'finish', 'close']) res.on(event, () => seen.push(`${event} ${name()}`));
        res.write(Buffer.alloc(5_000_000));
        res.once('drain', () => res.end());
      }),
    );
    await get(port, ann);
    await turn();
    expect([...new Set(seen)]).toEqual(['drain ann', 'finish ann', 'close ann']);
  });
});

const habits: Record<string, (req: any, res: any) => unknown> = {
  awaits: async (_req, res) => {
    await wait(1);
    await null;
    res.end(name());
  },
  timers: (_req, res) => setTimeout(() => setImmediate(() => process.nextTick(() => res.end(name()))), 1),
  'an emitter of the request': (_req, res) => {
    const emitter = new EventEmitter().once('go', () => res.end(name()));
    setTimeout(() => emitter.emit('go'), 1);
  },
  'the body by iteration': async (req, res) => {
    let seen = '';
    for await (const chunk of req) seen = chunk.length > 0 ? name() : 'empty';
    res.end(seen);
  },
  'a transform on the body': async (req, res) => {
    const names = new Transform({
      transform: (_chunk, _encoding, done) => done(null, `${name()},`),
      flush: (done) => done(null, name()),
    });
    await pipeline(req, names, res);
  },
  'a pulled stream': (_req, res) => {
    let left = 3;
    new Readable({
      read() {
        this.push(left-- > 0 ? `${name()},` : null);
      },
    }).pipe(res);
  },
};

test.each(Object.entries(habits))(
  '300 users in parallel on keep-alive sockets never see each other: %s',
  async (_habit, handler) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 30 });
    const { port } = await listen(nodeSessions(named(), handler));
    const users = Array.from({ length: 300 }, (_, at) => `user${at}`);
    const ask = (user: string) =>
      get(port, { agent, method: 'POST', body: 'a body', headers: { Cookie: `id=${user}` } }).then(({ text }) => text);
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(users.map(ask));
      answers.forEach((answer, at) => {
        expect(new Set(answer.split(',').filter(Boolean))).toEqual(new Set([users[at]]));
      });
    }
    agent.destroy();
  },
);

test('300 users in parallel through Express and its body parser never see each other', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 30 });
  const app = express();
  app.use(expressSessions(named()), express.text());
  app.post('/', async (req, res) => {
    const before = name();
    await wait(1);
    res.send([before, name(), req.session.name, req.body].join());
  });
  const { port } = await listen(app);
  await Promise.all(
    Array.from({ length: 300 }, async (_, at) => {
      const headers = { Cookie: `id=u${at}`, 'Content-Type': 'text/plain' };
      const { text } = await get(port, { agent, method: 'POST', body: `b${at}`, headers });
      expect(text).toBe(`u${at},u${at},u${at},b${at}`);
    }),
  );
  agent.destroy();
});

test('a request made inside a request has its own session, and the outer one is back', async () => {
  const inner = await listen(nodeSessions(named(), (_req, res) => res.end(name())));
  const { port } = await listen(
    nodeSessions(named(), async (_req, res) => {
      const other = await get(inner.port, { headers: { Cookie: 'id=bob' } });
      res.end(`${other.text} in ${name()}`);
    }),
  );
  expect((await get(port, ann)).text).toBe('bob in ann');
  expect(currentSession()).toBeUndefined();
});
