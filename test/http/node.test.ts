import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CoatcheckError } from '../../src/errors.ts';
import { nodeSessions } from '../../src/http/node.ts';
import { cookie, TestInterface, turn } from './interfaces.ts';
import { get, listen } from './servers.ts';

let told: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  told = vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => told.mockRestore());

function sessionsWith(mode: string) {
  const sessions = new TestInterface();
  sessions.answer = () => (mode === 'sync' ? cookie() : Promise.resolve(cookie()));
  return sessions;
}

describe.each(['sync', 'async'])('a handler that fails, with a %s commit', (mode) => {
  const failures: [string, unknown, number, string][] = [
    ['an Error', new Error('private detail'), 500, '500 Internal Server Error\n'],
    ['an error with a status', Object.assign(new Error('x'), { status: 404 }), 404, '404 Not Found\n'],
    ['a status out of range', Object.assign(new Error('x'), { status: 200 }), 500, '500 Internal Server Error\n'],
    ['a coded error', new CoatcheckError('SESSION_GONE', 'gone: detail'), 409, '409 SESSION_GONE\n'],
    ['no error at all', undefined, 500, '500 Internal Server Error\n'],
  ];
  test.each(failures)('before the head with %s: what was written is kept', async (_what, error, status, body) => {
    for (const how of ['throws', 'rejects']) {
      const sessions = sessionsWith(mode);
      const { port } = await listen(
        nodeSessions(sessions, (req, res) => {
          req.session.kept = true;
          res.setHeader('X-Mine', '1').statusCode = 201;
          if (how === 'rejects') return Promise.reject(error);
          throw error;
        }),
      );
      const answer = await get(port);
      expect(answer).toMatchObject({ status, text: body });
      expect(answer.headers['set-cookie']).toEqual(['id=ann; Path=/']);
      expect(answer.headers['x-mine']).toBeUndefined();
      expect(sessions.log).toEqual(['open', 'commit', 'sent private', 'ended']);
      expect(sessions.statuses).toEqual([status]);
    }
  });

  test('after the head: the connection is destroyed', async () => {
    const { port } = await listen(
      nodeSessions(sessionsWith(mode), async (_req, res) => {
        res.write('half');
        await turn();
        throw new Error('x');
      }),
    );
    const answer = await get(port).catch(() => undefined);
    expect(answer?.complete ?? false).toBe(false);
    expect(told).toHaveBeenCalledOnce();
  });

  test('after the end: the whole answer stays, and the operator is told', async () => {
    const { port } = await listen(
      nodeSessions(sessionsWith(mode), (_req, res) => {
        res.end('whole');
        throw new Error('x');
      }),
    );
    expect(await get(port)).toMatchObject({ text: 'whole', complete: true });
    expect(told).toHaveBeenCalledOnce();
  });
});

test('open that fails is answered by the error’s own status, or by onError', async () => {
  const sessions = new TestInterface();
  sessions.opening = () => Promise.reject(new CoatcheckError('STORE_TIMEOUT', 'The store did not answer.'));
  const handler = () => expect.unreachable();
  const plain = await listen(nodeSessions(sessions, handler));
  expect(await get(plain.port)).toMatchObject({ status: 503, text: '503 STORE_TIMEOUT\n' });
  const own = await listen(
    nodeSessions(sessions, handler, { onError: (error: any, _req, res) => res.writeHead(418).end(error.code) }),
  );
  expect(await get(own.port)).toMatchObject({ status: 418, text: 'STORE_TIMEOUT' });
});

test('nested in itself it opens once', async () => {
  const sessions = sessionsWith('async');
  const inner = nodeSessions(sessions, (req, res) => res.end(String(req.session === (req as any).first)));
  const { port } = await listen(
    nodeSessions(sessions, (req, res) => {
      (req as any).first = req.session;
      inner(req, res);
    }),
  );
  expect((await get(port)).text).toBe('true');
  expect(sessions.log).toEqual(['open', 'commit', 'sent private', 'ended']);
});
