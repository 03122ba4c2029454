import { serve } from 'srvx';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CoatcheckError } from '../../src/errors.ts';
import { fetchSessions } from '../../src/http/fetch.ts';
import { FetchSessionRequest } from '../../src/http/fetch-request.ts';
import { session as ambient, currentSession } from '../../src/session/ambient.ts';
import { cookie, held, type Plain, TestInterface, turn } from './interfaces.ts';
import { get } from './servers.ts';

let told: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  told = vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => told.mockRestore());

const request = (path = '/') => new Request(`http://app.test${path}`);

function sessionsWith(mode: string, changes = cookie()) {
  const sessions = new TestInterface();
  sessions.answer = () => (mode === 'sync' ? changes : Promise.resolve(changes));
  return sessions;
}

test('the commit is carried out before the response is returned', async () => {
  const sessions = new TestInterface();
  const commit = held<ReturnType<typeof cookie>>();
  sessions.answer = () => commit.promise;
  const handler = fetchSessions(sessions, () => new Response('hello'));
  let returned = false;
  const answer = handler(request()).then((response) => {
    returned = true;
    return response;
  });
  await turn();
  expect([sessions.log, returned]).toEqual([['open', 'commit'], false]);
  commit.resolve(cookie());
  expect((await answer).headers.getSetCookie()).toEqual(['id=ann; Path=/']);
  expect(sessions.log).toEqual(['open', 'commit', 'sent private']);
});

const styles: Record<string, () => Response> = {
  text: () => new Response('hello', { headers: { 'Set-Cookie': 'a=1', Vary: 'Accept', 'Cache-Control': 'public' } }),
  json: () => Response.json({ a: 1 }),
  redirect: () => Response.redirect('http://app.test/login', 303),
  204: () => new Response(null, { status: 204 }),
  205: () => new Response(null, { status: 205 }),
  304: () => new Response(null, { status: 304 }),
  stream: () =>
    new Response(new ReadableStream({ start: (to) => void [to.enqueue(new TextEncoder().encode('x')), to.close()] })),
  'own status text': () => new Response('x', { status: 201, statusText: 'Made' }),
};

describe.each(['sync', 'async'])('with a %s commit', (mode) => {
  test.each(Object.entries(styles))('%s carries our head, and keeps its own', async (_style, make) => {
    const sessions = sessionsWith(mode);
    const expected = make();
    const response = await fetchSessions(sessions, make)(request());
    expect([response.status, response.statusText]).toEqual([expected.status, expected.statusText]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('vary')).toMatch(/(^|, )Cookie$/);
    expect(response.headers.getSetCookie()).toEqual([...expected.headers.getSetCookie(), 'id=ann; Path=/']);
    expect(response.headers.get('content-type')).toBe(expected.headers.get('content-type'));
    expect(response.headers.get('location')).toBe(expected.headers.get('location'));
    expect(await response.text()).toBe(await expected.text());
    expect(sessions.statuses).toEqual([expected.status]);
  });
});

test('a body is handed on as it is, not wrapped', async () => {
  const body = new ReadableStream();
  const handler = fetchSessions(sessionsWith('sync'), () => new Response(body));
  expect((await handler(request())).body).toBe(body);
});

test('one Response handed out to everybody does not carry the first visitor’s cookie', async () => {
  const shared = new Response(null, { status: 404 });
  const handler = fetchSessions(sessionsWith('sync'), () => shared);
  await handler(request());
  expect(shared.headers.getSetCookie()).toEqual([]);
  expect((await handler(request())).headers.getSetCookie()).toEqual(['id=ann; Path=/']);
});

test('the handler’s own Response is returned where nothing changes', async () => {
  const own = new Response('x');
  const sessions = sessionsWith('sync', { setCookie: [], looked: false });
  expect(await fetchSessions(sessions, () => own)(request())).toBe(own);
});

test('the response of a fetch, whose headers are immutable, is passed on with our head', async () => {
  const upstream = serve({ port: 0, hostname: '127.0.0.1', silent: true, fetch: () => new Response('up') });
  await upstream.ready();
  const handler = fetchSessions(sessionsWith('async'), () => fetch(upstream.url as string));
  const response = await handler(request());
  expect(response.headers.getSetCookie()).toEqual(['id=ann; Path=/']);
  expect(await response.text()).toBe('up');
  await upstream.close(true);
});

describe('errors', () => {
  const failures: [string, () => never | Promise<never>, number, string][] = [
    [
      'throws',
      () => {
        throw new Error('detail');
      },
      500,
      '500 Internal Server Error\n',
    ],
    ['rejects', () => Promise.reject(Object.assign(new Error('x'), { status: 404 })), 404, '404 Not Found\n'],
    ['rejects with nothing', () => Promise.reject(undefined), 500, '500 Internal Server Error\n'],
    ['returns Response.error()', () => Response.error() as never, 500, '500 Internal Server Error\n'],
    ['returns nothing', () => undefined as never, 500, '500 Internal Server Error\n'],
  ];
  test.each(failures)('a handler that %s is answered, and what it wrote is kept', async (_how, fail, status, text) => {
    const sessions = sessionsWith('async');
    const response = await fetchSessions(sessions, fail)(request());
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(response.headers.getSetCookie()).toEqual(['id=ann; Path=/']);
    expect(sessions.log).toEqual(['open', 'commit', 'sent private']);
    expect(sessions.statuses).toEqual([status]);
  });

  test.each(['rejects', 'throws', 'says so'])(
    'a commit that %s replaces the answer and keeps our cookies',
    async (how) => {
      const sessions = new TestInterface();
      const error = new CoatcheckError('STORE_TIMEOUT', 'The store did not answer.');
      sessions.answer = () => {
        if (how === 'throws') throw error;
        return how === 'rejects' ? Promise.reject(error) : { ...cookie('id=; Max-Age=0'), error };
      };
      const seen = { cancelled: false };
      const body = new ReadableStream({ cancel: () => void Object.assign(seen, { cancelled: true }) });
      const handler = fetchSessions(sessions, () => new Response(body, { headers: { 'X-Mine': '1' } }));
      const response = await handler(request());
      expect([response.status, await response.text()]).toEqual([503, '503 STORE_TIMEOUT\n']);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('x-mine')).toBeNull();
      expect(response.headers.getSetCookie()).toEqual(how === 'says so' ? ['id=; Max-Age=0'] : []);
      expect(seen.cancelled).toBe(true);
      expect(sessions.log).toEqual(['open', 'commit', 'ended']);
    },
  );

  test('onError may make the answer; when it fails ours goes', async () => {
    const sessions = new TestInterface();
    sessions.answer = () => ({ ...cookie(), error: new Error('x') });
    const own = fetchSessions(sessions, () => new Response('x'), {
      onError: async () => new Response('own', { status: 418, headers: { 'Cache-Control': 'public' } }),
    });
    const response = await own(request());
    expect([response.status, await response.text()]).toEqual([418, 'own']);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.getSetCookie()).toEqual(['id=ann; Path=/']);
    const broken = fetchSessions(sessions, () => new Response('x'), {
      onError: () => {
        throw new Error('no');
      },
    });
    expect((await broken(request())).status).toBe(500);
  });

  test('open that fails is answered without the handler', async () => {
    const sessions = new TestInterface();
    sessions.opening = () => Promise.reject(new CoatcheckError('STORE_FAILED', 'x'));
    const response = await fetchSessions(sessions, () => expect.unreachable())(request());
    expect([response.status, await response.text()]).toEqual([503, '503 STORE_FAILED\n']);
    expect(sessions.log).toEqual(['open']);
  });
});

test('the same Request given again by a sub-application finds the same session; afterwards it is free', async () => {
  const sessions = sessionsWith('async');
  const seen: Plain[] = [];
  const inner = fetchSessions(sessions, (_request, { session }) => {
    seen.push(session);
    return new Response('x');
  });
  const outer = fetchSessions(sessions, (asked, { session }) => {
    seen.push(session);
    return inner(asked);
  });
  const asked = request();
  expect((await outer(asked)).headers.getSetCookie()).toEqual(['id=ann; Path=/']);
  expect(seen[0]).toBe(seen[1]);
  expect(sessions.log).toEqual(['open', 'commit', 'sent private']);
  await outer(asked);
  expect(sessions.log.length).toBe(6);
});

test('open that gives nothing gives the null session, and no commit', async () => {
  const sessions = new TestInterface();
  sessions.opening = () => undefined;
  const handler = fetchSessions(sessions, (_request, { session }) => {
    expect(() => {
      session.user = 'ann';
    }).toThrow(expect.objectContaining({ code: 'SESSION_UNAVAILABLE' }));
    return new Response(String(session.user));
  });
  expect(await (await handler(request())).text()).toBe('undefined');
  expect(sessions.log).toEqual(['open']);
});

test('the imported session is this request’s, across awaits, for 300 requests at once; not with ambient: false', async () => {
  const sessions = sessionsWith('async');
  sessions.opening = async (asked) => ({ name: asked.path });
  const handler = fetchSessions(sessions, async () => {
    const before = (ambient as any).name;
    await turn();
    return new Response(`${before}${(ambient as any).name}`);
  });
  const texts = await Promise.all(
    Array.from({ length: 300 }, async (_, at) => (await handler(request(`/u${at}`))).text()),
  );
  expect(texts).toEqual(Array.from({ length: 300 }, (_, at) => `/u${at}/u${at}`));
  sessions.ambient = false;
  const off = fetchSessions(sessions, () => new Response(String(currentSession())));
  expect(await (await off(request())).text()).toBe('undefined');
});

describe('changes after the response was returned', () => {
  function late() {
    const sessions = sessionsWith('sync');
    const finish = held<void>();
    let tell = (): void => undefined;
    sessions.finish = () => {
      sessions.log.push('finish');
      return finish.promise;
    };
    sessions.watch = (_session, hooks) => {
      tell = () => hooks.late?.();
    };
    return { sessions, finish, late: () => tell() };
  }

  test('are stored on the next turn, those of one turn together, and given to waitUntil', async () => {
    const { sessions, finish, late: change } = late();
    const waited: Promise<unknown>[] = [];
    const handler = fetchSessions(sessions, () => new Response('x'), {
      waitUntil: (promise) => void waited.push(promise),
    });
    await handler(request());
    change();
    change();
    expect([waited.length, sessions.log.includes('finish')]).toEqual([1, false]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(sessions.log.filter((line) => line === 'finish')).toHaveLength(1);
    let settled = false;
    void waited[0]?.then(() => {
      settled = true;
    });
    await turn();
    expect(settled).toBe(false);
    finish.reject(new Error('told by the interface'));
    await turn();
    expect(settled).toBe(true);
    change();
    expect(waited).toHaveLength(2);
  });

  test('find waitUntil on the platform’s arguments by themselves', async () => {
    const { sessions, late: change } = late();
    const waited: unknown[] = [];
    const ctx = {
      mine: waited,
      waitUntil(promise: Promise<unknown>) {
        this.mine.push(promise);
      },
    };
    const handler = fetchSessions<Plain, [object, typeof ctx]>(sessions, (_request, _context, env, given) => {
      expect([env, given]).toEqual([{ KV: 1 }, ctx]);
      return new Response('x');
    });
    await handler(request(), { KV: 1 }, ctx);
    change();
    expect(waited).toHaveLength(1);
  });
});

test('the request as the interface sees it', () => {
  const asked = new Request('https://app.test:8443/static/%41?x=/y#z', {
    headers: { Cookie: 'a=1; b=2', 'X-A': 'yes' },
  });
  const seen = new FetchSessionRequest(asked, () => '10.0.0.1');
  expect([seen.method, seen.path, seen.cookie, seen.address, seen.secure]).toEqual([
    'GET',
    '/static/%41',
    'a=1; b=2',
    '10.0.0.1',
    true,
  ]);
  expect([seen.header('x-a'), seen.header('x-b')]).toEqual(['yes', undefined]);
  const bare = new FetchSessionRequest(
    { url: 'http://app.test', headers: new Headers(), method: 'GET' } as Request,
    undefined,
  );
  expect([bare.path, bare.cookie, bare.address, bare.secure]).toEqual(['/', undefined, undefined, false]);
  expect([seen.header('host'), bare.header('host')]).toEqual(['app.test:8443', 'app.test']);
});

test('over a real socket, with srvx and its address', async () => {
  const sessions = sessionsWith('async');
  let address: string | undefined;
  sessions.opening = (asked) => {
    address = asked.address;
    return sessions.find(asked);
  };
  const handler = fetchSessions(
    sessions,
    (asked, { session }) => {
      session.visits = ((session.visits as number) ?? 0) + 1;
      if (asked.method === 'HEAD') return new Response(null, { headers: { 'X-Head': '1' } });
      return new Response(`visit ${session.visits}`);
    },
    { address: (asked) => (asked as { ip?: string }).ip },
  );
  const server = serve({ port: 0, hostname: '127.0.0.1', silent: true, fetch: (asked) => handler(asked as Request) });
  await server.ready();
  const port = Number(new URL(server.url as string).port);
  const first = await get(port, { headers: { Cookie: 'id=ann' } });
  expect(first).toMatchObject({ status: 200, text: 'visit 1', complete: true });
  expect(first.headers).toMatchObject({
    'set-cookie': ['id=ann; Path=/'],
    vary: 'Cookie',
    'cache-control': 'no-store',
  });
  expect((await get(port, { headers: { Cookie: 'id=ann' } })).text).toBe('visit 2');
  expect((await get(port, { method: 'HEAD' })).headers).toMatchObject({ 'x-head': '1', vary: 'Cookie' });
  expect(address).toBe('127.0.0.1');
  await server.close(true);
});
