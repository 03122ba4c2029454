import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { nodeSessions } from '../../src/http/node.ts';
import { type NodeSocketsOptions, nodeSockets, type SocketVisitor } from '../../src/http/node-sockets.ts';
import type { AnonymousUser } from '../../src/login/index.ts';
import { ANN, type Data, type Options, setup, type User } from '../login/harness.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});

type Seen = SocketVisitor<Data, User, AnonymousUser>;

async function listening(
  options: NodeSocketsOptions<User, AnonymousUser> & { opened?: (socket: WebSocket) => void } = {},
  login_: Options = {},
) {
  const { opened, ...rest } = options;
  const parts = setup({ remember: {}, ...login_ });
  const { sessions, login } = parts;
  const server = createServer(
    nodeSessions(sessions, async (request, response) => {
      if (request.url === '/login') login.loginUser(ANN, { remember: true });
      if (request.url === '/logout') login.logoutUser();
      if (request.url === '/confirm') login.confirmLogin();
      response.end(String(response.statusCode));
    }),
  );
  const wss = new WebSocketServer({ noServer: true });
  const seen: Seen[] = [];
  const upgrade = nodeSockets(
    sessions,
    wss,
    (socket, visitor) => {
      seen.push(visitor);
      opened?.(socket);
      socket.send('hello');
    },
    { login, recheck: '100ms', ...rest },
  );
  const raw: Duplex[] = [];
  server.on('upgrade', (_request, socket) => raw.push(socket));
  server.on('upgrade', upgrade);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  const post = async (path: string, cookie = '') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers: { cookie } });
    return response.headers
      .getSetCookie()
      .map((line) => line.split(';', 1)[0])
      .join('; ');
  };
  const socket = (cookie: string | undefined, origin: string | undefined = `http://127.0.0.1:${port}`) =>
    new WebSocket(`ws://127.0.0.1:${port}/ws`, {
      ...(origin === '' ? {} : { origin }),
      headers: cookie === undefined ? {} : { cookie },
    });
  return { ...parts, post, socket, seen, port, raw };
}

/** The status of a refusal, or what an opened socket said first. */
function outcome(ws: WebSocket): Promise<unknown> {
  return new Promise((resolve) => {
    ws.on('message', (text) => resolve(String(text)));
    ws.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    ws.on('error', resolve);
  });
}

const closed = (ws: WebSocket): Promise<number> => new Promise((resolve) => ws.on('close', resolve));

describe('a WebSocket', () => {
  it('has the session and the user of its visitor, as they were', async () => {
    const { post, socket, seen } = await listening();
    const ws = socket(await post('/login'));
    expect(await outcome(ws)).toBe('hello');
    expect(seen[0]?.user).toBe(ANN);
    expect(() => seen[0]?.session.set('a', 1)).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
    expect((await seen[0]?.reload())?.handle).toBe(seen[0]?.session.handle);
    ws.terminate();
  });

  it('is refused to pages of others, and to who shows cookies and says no page', async () => {
    const { post, socket, port, seen } = await listening({ allowedOrigins: ['https://friend.example'] });
    const cookie = await post('/login');
    for (const origin of ['https://evil.example', 'null', `https://127.0.0.1:${port}`, 'http://127.0.0.1', '']) {
      expect([origin, await outcome(socket(cookie, origin))]).toEqual([origin, 403]);
    }
    expect(seen).toEqual([]);
    const friend = socket(cookie, 'https://friend.example');
    expect(await outcome(friend)).toBe('hello');
    const program = socket(undefined, '');
    expect(await outcome(program)).toBe('hello');
    for (const ws of [friend, program]) ws.terminate();
  });

  it('is refused to who is not logged in where that is required, and 503 where the store is dead', async () => {
    const { post, socket, store } = await listening({ loginRequired: true });
    expect(await outcome(socket(undefined))).toBe(401);
    const cookie = await post('/login');
    store.always('read', 'break');
    expect(await outcome(socket(cookie))).toBe(503);
  });

  it.each([
    [
      'logged out',
      async ({ post }: Awaited<ReturnType<typeof listening>>, cookie: string) => void (await post('/logout', cookie)),
    ],
    ['revoked', async ({ sessions }: Awaited<ReturnType<typeof listening>>) => void (await sessions.revokeAll('1'))],
    [
      'given a new id',
      async ({ post }: Awaited<ReturnType<typeof listening>>, cookie: string) => void (await post('/confirm', cookie)),
    ],
    ['over', async ({ clock }: Awaited<ReturnType<typeof listening>>) => void clock.tick('2h')],
    [
      'of somebody who is no user any more',
      async ({ users }: Awaited<ReturnType<typeof listening>>) => void users.delete('1'),
    ],
  ])('is closed within a second when its session is %s', async (_what, end) => {
    const house = await listening();
    const cookie = await house.post('/login');
    const ws = house.socket(cookie);
    await outcome(ws);
    const closing = closed(ws);
    const begun = performance.now();
    await end(house, cookie);
    expect(await closing).toBe(1008);
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  it('is kept for three looks while the store is dead, and closed then', async () => {
    const { post, socket, store } = await listening();
    const ws = socket(await post('/login'));
    await outcome(ws);
    store.reset();
    store.always('read', 'break');
    expect(await closed(ws)).toBe(1008);
    expect(store.calls).toHaveLength(3);
  });

  it('brings a remembered user back at its upgrade, with the new cookies', async () => {
    const { post, socket, seen } = await listening();
    const cookie = await post('/login');
    const only = cookie
      .split('; ')
      .filter((pair) => pair.startsWith('__Host-remember'))
      .join('; ');
    const ws = socket(only);
    const cookies = new Promise<string[]>((resolve) =>
      ws.on('upgrade', (response) => resolve(response.headers['set-cookie'] ?? [])),
    );
    expect(await outcome(ws)).toBe('hello');
    expect(seen[0]?.user).toBe(ANN);
    expect((await cookies).map((line) => line.split('=', 1)[0]).sort()).toEqual(['__Host-remember', '__Host-session']);
    ws.terminate();
  });

  it('that is refused costs no store call where its page is not ours', async () => {
    const { post, socket, store } = await listening();
    const cookie = await post('/login');
    store.reset();
    expect(await outcome(socket(cookie, 'https://evil.example'))).toBe(403);
    expect(store.calls).toEqual([]);
  });

  it('that is refused is over on this side too, and may break without breaking the process', async () => {
    const { port, raw } = await listening();
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const refused = new Promise((resolve) => client.once('data', resolve));
    client.write(
      'GET /ws HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(String(await refused)).toMatch(/^HTTP\/1.1 403/);
    expect(() => raw[0]?.emit('error', new Error('reset'))).not.toThrow();
    await expect.poll(() => raw[0]?.destroyed).toBe(true);
    client.destroy();
  });

  it('is refused where the session ends while it is being opened', async () => {
    const { post, socket, store, sessions, seen } = await listening({ recheck: '1h' });
    const cookie = await post('/login');
    let answer = (): void => undefined;
    store.reset();
    store.next('read', { after: new Promise<void>((resolve) => (answer = resolve)) });
    const opening = outcome(socket(cookie));
    await expect.poll(() => store.calls.length).toBe(1);
    await sessions.revokeAll('1');
    answer();
    expect([await opening, seen]).toEqual([401, []]);
  });

  it('is closed when a user is over who was known by the request alone', async () => {
    const users = new Map([['key', ANN]]);
    const { socket } = await listening({}, { requestLoader: () => users.get('key') });
    const ws = socket(undefined, '');
    expect(await outcome(ws)).toBe('hello');
    users.clear();
    expect(await closed(ws)).toBe(1008);
  });

  it('of a user who was brought back at its upgrade lives on, and reads that session again', async () => {
    const { post, socket, seen } = await listening();
    const cookie = await post('/login');
    const ws = socket(cookie.split('; ').find((pair) => pair.startsWith('__Host-remember')));
    expect(await outcome(ws)).toBe('hello');
    expect((await seen[0]?.reload())?.handle).toBe(seen[0]?.session.handle);
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(ws.readyState).toBe(WebSocket.OPEN);
    ws.terminate();
  });

  it('is kept for three looks too where visitors are anonymous while the store is dead', async () => {
    const { post, socket, store } = await listening({}, { settings: { onStoreError: 'anonymous' } });
    const ws = socket(await post('/login'));
    await outcome(ws);
    store.reset();
    store.always('read', 'break');
    expect(await closed(ws)).toBe(1008);
    expect(store.calls).toHaveLength(3);
  });

  it('is over within two seconds although its page does not answer', async () => {
    const ends: Promise<void>[] = [];
    const { post, socket, sessions } = await listening({
      recheck: '1h',
      opened: (ws) => ends.push(new Promise((resolve) => ws.on('close', () => resolve()))),
    });
    const ws = socket(await post('/login'));
    await outcome(ws);
    (ws as unknown as { _socket: Duplex })._socket.pause();
    const begun = performance.now();
    await sessions.revokeAll('1');
    await ends[0];
    expect(performance.now() - begun).toBeLessThan(2000);
    ws.terminate();
  });

  it('is closed, and no answer is written into it, where the application fails to open it', async () => {
    const warned = new Promise((resolve) => process.once('warning', resolve));
    const { post, socket } = await listening({
      opened: () => {
        throw new Error('not today');
      },
    });
    expect(await closed(socket(await post('/login')))).toBe(1011);
    expect(await warned).toMatchObject({ message: 'not today' });
  });
});
