import { once } from 'node:events';
import { request as ask, type ServerResponse } from 'node:http';
import express from 'express';
import { describe, expect, test, vi } from 'vitest';
import { expressSessions } from '../../src/http/express.ts';
import { nodeSessions } from '../../src/http/node.ts';
import type { SessionEvent, SessionInterface } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { codeOf, type Data, sealedSetup, setup } from '../interface/harness.ts';
import type { Browser } from '../support/visit.ts';
import { held, turn } from './interfaces.ts';
import { listen } from './servers.ts';

type Handler = (request: Data, response: ServerResponse) => Promise<void>;

const adapters: [name: string, serve: (sessions: SessionInterface<any>, handler: Handler) => any][] = [
  ['Node', (sessions, handler) => nodeSessions(sessions, handler)],
  [
    'Express',
    (sessions, handler) =>
      express()
        .use(expressSessions(sessions))
        .get('/', (request, response) => handler(request, response)),
  ],
];

const kinds: [name: string, set: () => Started][] = [
  ['stored', () => setup()],
  ['sealed', () => sealedSetup({ revocation: 'denylist', store: memoryStore() })],
];

interface Started {
  readonly sessions: SessionInterface<any>;
  readonly browser: Browser<any>;
  readonly events: SessionEvent[];
}

/** One request whose client goes away between the two halves of its handler; what the second half threw. */
async function abandoned(
  serve: (typeof adapters)[number][1],
  { sessions, browser }: Started,
  before: (request: Data) => unknown,
  after: (request: Data) => unknown = () => undefined,
): Promise<unknown> {
  const done = held<unknown>();
  const { port } = await listen(
    serve(sessions, async (request, response) => {
      let thrown: unknown;
      await before(request);
      client.destroy();
      await once(response, 'close');
      await turn();
      try {
        await after(request);
      } catch (error) {
        thrown = error;
      }
      response.end('nobody reads this');
      done.resolve(thrown);
    }),
  );
  const client = ask({ host: '127.0.0.1', port, headers: { cookie: browser.cookie ?? '' }, agent: false });
  client.on('error', () => undefined);
  client.end();
  return done.promise;
}

async function begun(start: () => Started): Promise<Started> {
  const started = start();
  await started.browser.visit((session) => Object.assign(session, { user: 'ann', code: 'x' }));
  started.events.length = 0;
  return started;
}

const dataOf = ({ browser }: Started): Promise<Data> => browser.clone().read((session) => session.toJSON());

const ended = (started: Started): Promise<void> =>
  vi.waitFor(async () => expect(await dataOf(started)).toEqual({}), { timeout: 5000 });

const types = ({ events }: Started): string[] => events.map(({ type }) => type);

describe.each(adapters)('%s: when the client goes away before the answer', (_adapter, serve) => {
  describe.each(kinds)('a %s session', (_kind, start) => {
    test('is logged out by a destroy before it', async () => {
      const started = await begun(start);
      await abandoned(serve, started, ({ session }) => session.destroy());
      await ended(started);
    });

    test('is logged out by a destroy after it', async () => {
      const started = await begun(start);
      const thrown = await abandoned(
        serve,
        started,
        ({ session }) => session.user,
        ({ session }) => session.destroy(),
      );
      expect(thrown).toBeUndefined();
      await ended(started);
    });

    test('is logged out by a destroy after it also where something was changed before', async () => {
      const started = await begun(start);
      const thrown = await abandoned(
        serve,
        started,
        ({ session }) => session.set('seen', 1),
        ({ session }) => session.destroy(),
      );
      expect(thrown).toBeUndefined();
      await ended(started);
    });

    test('is logged out by req.session = null', async () => {
      const started = await begun(start);
      await abandoned(serve, started, (request) => {
        request.session = null;
      });
      await ended(started);
    });

    test('drops its changes, tells so, and takes no more of them', async () => {
      const started = await begun(start);
      const thrown = await abandoned(
        serve,
        started,
        ({ session }) => session.set('seen', 1),
        ({ session }) => session.set('late', 1),
      );
      expect(codeOf(thrown)).toBe('SESSION_CLOSED');
      expect(types(started)).toContain('abandoned');
      expect(await dataOf(started)).toEqual({ user: 'ann', code: 'x' });
    });
  });

  test('a logout during an early save is carried out after it', async () => {
    const started = setup();
    await begun(() => started);
    const answer = held<void>();
    started.store.next('update', { after: answer.promise });
    await abandoned(
      serve,
      started,
      ({ session }) => {
        session.seen = 1;
        void session.save();
        void session.destroy();
      },
      () => answer.resolve(),
    );
    await ended(started);
  });

  test('what an early save stores is stored, and what was changed since is told', async () => {
    const started = setup();
    await begun(() => started);
    const answer = held<void>();
    started.store.next('update', { after: answer.promise });
    let saving: Promise<void> | undefined;
    const thrown = await abandoned(
      serve,
      started,
      async ({ session }) => {
        session.seen = 1;
        saving = session.save();
        await turn();
        session.dropped = 1;
      },
      async ({ session }) => {
        answer.resolve();
        await saving;
        session.late = 1;
      },
    );
    expect(codeOf(thrown)).toBe('SESSION_CLOSED');
    await vi.waitFor(() => expect(types(started)).toContain('abandoned'));
    expect(await dataOf(started)).toEqual({ user: 'ann', code: 'x', seen: 1 });
  });

  test('a take under way gives its value, and what is changed afterwards is refused', async () => {
    const started = setup();
    await begun(() => started);
    const answer = held<void>();
    started.store.next('update', { after: answer.promise });
    let taking: Promise<unknown> | undefined;
    let taken: unknown;
    const thrown = await abandoned(
      serve,
      started,
      ({ session }) => {
        taking = session.take('code');
      },
      async ({ session }) => {
        answer.resolve();
        taken = await taking;
        session.won = taken;
      },
    );
    expect([taken, codeOf(thrown)]).toEqual(['x', 'SESSION_CLOSED']);
    expect(await dataOf(started)).toEqual({ user: 'ann' });
  });
});
