import { expect, test } from 'vitest';
import { nodeSessions } from '../../src/http/node.ts';
import { type CoatcheckError, createSessions, type Session, type SessionEvent } from '../../src/index.ts';
import { keyOf, newId } from '../../src/keys/ids.ts';
import { faultyStore } from '../../src/testing/index.ts';
import { onEveryStore } from '../support/every-store.ts';
import { get, listen } from './servers.ts';

const NAME = '__Host-session';

/** Counts a visit; the code, where that cannot be kept. */
function visited(session: Session<Record<string, any>>): string {
  try {
    session.update('n', (n = 0) => n + 1);
    return String(session.n);
  } catch (error) {
    return (error as CoatcheckError).code;
  }
}

await onEveryStore('over HTTP', (open) => {
  /** A server whose every path counts a visit; `/look` only looks. */
  async function serve(options: { readonly staticFiles?: boolean } = {}) {
    const store = faultyStore(await open());
    const events: SessionEvent[] = [];
    const sessions = createSessions({ store, sweep: false, onEvent: (event) => events.push(event), ...options });
    const { port } = await listen(
      nodeSessions(sessions, (req, res) => {
        if (req.url === '/plain') res.end('plain');
        else if (req.url === '/look' || req.url === '/static/look') res.end(String(req.session.get('n', 'none')));
        else res.end(visited(req.session));
      }),
    );
    const ask = async (path: string, id?: string) => {
      const { status, text, headers } = await get(port, {
        path,
        headers: id === undefined ? {} : { Cookie: `${NAME}=${id}` },
      });
      const cookies = headers['set-cookie'] ?? [];
      return { status, text, cookies, id: /=([^;]+)/.exec(cookies[0] ?? '')?.[1] };
    };
    const reasons = () => events.flatMap(({ type, reason }) => (type === 'rejected' ? [reason] : []));
    return { store, ask, reasons };
  }

  test('a made-up id is never adopted: whoever writes gets another, and it is worth nothing afterwards', async () => {
    const { store, ask, reasons } = await serve();
    const planted = newId();
    expect(await ask('/look', planted)).toMatchObject({ status: 200, text: 'none', cookies: [] });
    const wrote = await ask('/', planted);
    expect(wrote).toMatchObject({ status: 200, text: '1' });
    expect(wrote.id).toMatch(/^[\w-]{43}$/);
    expect(wrote.id).not.toBe(planted);
    expect(await store.read(keyOf(planted))).toBeUndefined();
    expect((await ask('/', wrote.id)).text).toBe('2');
    expect(await ask('/look', planted)).toMatchObject({ text: 'none', cookies: [] });
    expect(reasons()).toEqual(['unknown', 'unknown', 'unknown']);
  });

  test('a made-up id asked for by many at once is nobody’s: each writer gets an id of its own', async () => {
    const { ask } = await serve();
    const planted = newId();
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('/', planted)));
    expect(answers.map(({ text }) => text)).toEqual(answers.map(() => '1'));
    expect(new Set([planted, ...answers.map(({ id }) => id)]).size).toBe(11);
  });

  test('what is made up and has not the shape of an id reaches no store, and is taken away', async () => {
    const { store, ask, reasons } = await serve();
    for (const made of ['x', `${newId()}x`, '0'.repeat(64), keyOf(newId()), 'coatcheck:x', '*', '..%2F..']) {
      expect(await ask('/look', made)).toMatchObject({ text: 'none', cookies: [expect.stringContaining('Max-Age=0')] });
    }
    expect(store.calls).toEqual([]);
    expect(new Set(reasons())).toEqual(new Set(['malformed']));
  });

  test('a static path costs no call of the store and gets no cookie, with a session and without', async () => {
    const { store, ask } = await serve();
    const { id } = await ask('/');
    store.reset();
    for (const ticket of [id, newId(), undefined]) {
      expect(await ask('/static/look', ticket)).toMatchObject({ status: 200, text: 'none', cookies: [] });
    }
    // A write has nowhere to go, and says so instead of being lost.
    expect(await ask('/static/app.css', id)).toMatchObject({ text: 'SESSION_UNAVAILABLE', cookies: [] });
    expect(store.calls).toEqual([]);
    expect((await ask('/look', id)).text).toBe('1');
  });

  test('with staticFiles a static path has its session as any other', async () => {
    const { ask } = await serve({ staticFiles: true });
    const { id } = await ask('/static/app.css');
    expect((await ask('/static/app.css', id)).text).toBe('2');
    expect((await ask('/static/look', id)).text).toBe('2');
  });

  test('a page that does not look gets no cookie, and costs a read at most', async () => {
    const { store, ask } = await serve();
    expect(await ask('/plain')).toMatchObject({ text: 'plain', cookies: [] });
    expect(store.calls).toEqual([]);
    const { id } = await ask('/');
    store.reset();
    expect(await ask('/plain', id)).toMatchObject({ text: 'plain', cookies: [] });
    expect(store.calls.map(({ verb }) => verb)).toEqual(['read']);
  });
});
