import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { type NodeHandler, nodeSessions } from '../../src/http/node.ts';
import { cookie, held, type Plain, TestInterface, turn } from './interfaces.ts';
import { get, get2, listen, listen2, wire } from './servers.ts';

type Handler = NodeHandler<Plain>;

/** A server whose commits wait until `release` is called. */
async function slow(handler: Handler) {
  const sessions = new TestInterface();
  const gate = held<ReturnType<typeof cookie>>();
  const begun = held<void>();
  sessions.answer = () => {
    begun.resolve();
    return gate.promise;
  };
  const { port, server } = await listen(nodeSessions(sessions, handler));
  return { sessions, port, server, begun: begun.promise, release: () => gate.resolve(cookie()), ...gate };
}

describe('G3: the bytes wait for the commit', () => {
  const ways: Record<string, (res: ServerResponse) => unknown> = {
    end: (res) => res.end('hello'),
    write: (res) => {
      res.write('hel');
      res.end('lo');
    },
    writeHead: (res) => res.writeHead(200, { 'Content-Type': 'text/plain' }).end('hello'),
    flushHeaders: (res) => {
      res.flushHeaders();
      res.end('hello');
    },
    pipe: (res) => Readable.from(['hel', 'lo']).pipe(res),
    pipeline: (res) => pipeline(Readable.from(['hel', 'lo']), res),
  };
  test.each(Object.entries(ways))('not one byte leaves before it, by %s', async (_name, way) => {
    const { port, begun, release } = await slow((_req, res) => way(res));
    let bytes = 0;
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await begun;
    await turn();
    await turn();
    expect(bytes).toBe(0);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    release();
    await once(socket, 'close');
    expect(text).toContain('Set-Cookie: id=ann; Path=/\r\n');
    expect(text).toContain('Cache-Control: no-store\r\n');
    expect(text.replace(/\r\n/g, '')).toMatch(/hel.*lo/);
  });

  test('the answer keeps its Content-Length when it comes by end alone', async () => {
    const { port, begun, release } = await slow((_req, res) => res.end('hello'));
    const answer = get(port);
    await begun;
    release();
    expect((await answer).headers['content-length']).toBe('5');
  });
});

describe('while it waits, a response looks like one under way', () => {
  test('headersSent, writableEnded and the frozen head', async () => {
    const seen: unknown[] = [];
    const { port, begun, release } = await slow((_req, res) => {
      res.statusCode = 201;
      seen.push(res.headersSent, res.write('a'), res.headersSent, res.writableEnded);
      res.statusCode = 500;
      expect(() => res.setHeader('X-Late', '1')).toThrow(/after they are sent/);
      expect(() => res.removeHeader('X-Late')).toThrow(expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }));
      expect(() => res.writeHead(404)).toThrow(expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }));
      res.end('b');
      seen.push(res.writableEnded);
    });
    const answer = get(port);
    await begun;
    release();
    expect(await answer).toMatchObject({ status: 201, text: 'ab' });
    expect(seen).toEqual([false, false, true, false, true]);
  });

  test('a second answer fails in the handler’s face and does not mix into the first', async () => {
    let thrown: unknown;
    const { port, begun, release } = await slow((_req, res) => {
      res.setHeader('Content-Length', 5).end('first');
      try {
        res.setHeader('Content-Length', 6).end('second');
      } catch (error) {
        thrown = error;
      }
    });
    const answer = get(port);
    await begun;
    release();
    expect(await answer).toMatchObject({ text: 'first', complete: true });
    expect(thrown).toMatchObject({ code: 'ERR_HTTP_HEADERS_SENT' });
  });

  test('what Node would throw at a bad call is thrown before the commit begins', async () => {
    const { sessions, port, release } = await slow((_req, res) => {
      expect(() => res.writeHead(99)).toThrow(RangeError);
      expect(() => res.writeHead(200, { 'X-Bad': 'a\nb' })).toThrow(/Invalid character/);
      expect(() => res.write(1 as never)).toThrow(TypeError);
      expect(() => res.write(null as never)).toThrow(expect.objectContaining({ code: 'ERR_STREAM_NULL_VALUES' }));
      expect(sessions.log).toEqual(['open']);
      release();
      res.end('fine');
    });
    expect((await get(port)).text).toBe('fine');
  });

  test('callbacks and encodings of write and end are kept', async () => {
    const called: string[] = [];
    const { port, begun, release } = await slow((_req, res) => {
      res.write('68656c', 'hex', () => called.push('write'));
      res.end('bG8=', 'base64', () => called.push('end'));
    });
    const answer = get(port);
    await begun;
    expect(called).toEqual([]);
    release();
    expect((await answer).text).toBe('hello');
    await turn();
    expect(called).toEqual(['write', 'end']);
  });

  test('drain comes after the release, so that whoever was told to wait goes on', async () => {
    const { port, begun, release } = await slow(async (_req, res) => {
      expect(res.write('a')).toBe(false);
      await once(res, 'drain');
      res.end('b');
    });
    const answer = get(port);
    await begun;
    release();
    expect((await answer).text).toBe('ab');
  });

  test('a 50 MB stream is held back at its source, and arrives whole', async () => {
    const size = 50 * 1024 * 1024;
    let produced = 0;
    const source = new Readable({
      read() {
        const chunk = Buffer.alloc(Math.min(65_536, size - produced), 97);
        produced += chunk.length;
        this.push(chunk.length === 0 ? null : chunk);
      },
    });
    const { port, begun, release } = await slow((_req, res) => source.pipe(res));
    const answer = get(port);
    await begun;
    for (let i = 0; i < 20; i++) await turn();
    expect(produced).toBeLessThan(1024 * 1024);
    release();
    expect((await answer).body.length).toBe(size);
  });
});

describe('a commit that answers at once', () => {
  test('defers nothing: write says what the socket says and headersSent is true after it', async () => {
    const sessions = new TestInterface();
    const seen: unknown[] = [];
    const { port } = await listen(
      nodeSessions(sessions, (_req, res) => {
        seen.push(res.headersSent, res.write('a'), res.headersSent);
        res.end('b');
        seen.push(res.writableEnded);
      }),
    );
    expect((await get(port)).text).toBe('ab');
    expect(seen).toEqual([false, true, true, true]);
    expect(sessions.log).toEqual(['open', 'commit', 'sent', 'ended']);
  });
});

describe('heads by writeHead', () => {
  const heads: Record<string, unknown[]> = {
    object: [201, { 'Set-Cookie': ['a=1', 'id=old'], Vary: 'Accept', 'cache-control': 'public' }],
    'object with message': [201, 'Made', { 'set-cookie': ['a=1'], Vary: 'Accept' }],
    'flat raw list': [201, ['Set-Cookie', 'a=1', 'Vary', 'Accept', 'set-cookie', 'id=old']],
    pairs: [
      201,
      [
        ['Set-Cookie', 'a=1'],
        ['Vary', 'Accept'],
        ['Set-Cookie', 'id=old'],
      ],
    ],
    'message and list': [201, 'Made', ['Set-Cookie', 'a=1', 'Vary', 'Accept']],
  };
  describe.each([true, false])('with fields set before: %s', (before) => {
    test.each(Object.entries(heads))('%s: its cookies are kept, ours are added, Vary is merged', async (name, args) => {
      const sessions = new TestInterface();
      sessions.answer = () => cookie();
      const { port } = await listen(
        nodeSessions(sessions, (_req, res) => {
          if (before) res.setHeader('Set-Cookie', 'gone=1').setHeader('X-Kept', 'yes');
          res.writeHead(...(args as [number])).end('x');
        }),
      );
      const answer = await get(port);
      expect(answer.status).toBe(201);
      expect(answer.message).toBe(name.includes('message') ? 'Made' : 'Created');
      expect(answer.headers['set-cookie']).toEqual(['a=1', 'id=ann; Path=/']);
      expect(answer.headers.vary).toBe('Accept, Cookie');
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['x-kept']).toBe(before ? 'yes' : undefined);
      expect(sessions.statuses).toEqual([201]);
    });
  });

  test('where there is nothing to change the call passes untouched', async () => {
    const args: unknown[][] = [];
    const sessions = new TestInterface();
    const handler = nodeSessions(sessions, (_req, res) => res.writeHead(200, 'Yes', ['x-A', '1', 'x-A', '2']).end());
    const { port } = await listen((req, res) => {
      const { writeHead } = res;
      res.writeHead = function spy(this: ServerResponse, ...given: unknown[]) {
        args.push(given);
        return writeHead.apply(this, given as never);
      } as never;
      handler(req, res);
    });
    const answer = await get(port);
    expect(args).toEqual([[200, 'Yes', ['x-A', '1', 'x-A', '2']]]);
    expect(answer.raw.slice(0, 4)).toEqual(['x-A', '1', 'x-A', '2']);
  });
});

describe('header hooks', () => {
  test('one mounted after us is seen by the commit, and once', async () => {
    const sessions = new TestInterface();
    const stored: unknown[] = [];
    let hooked = 0;
    const { port } = await listen(
      nodeSessions(sessions, (req, res) => {
        sessions.answer = () => {
          stored.push({ ...req.session });
          return cookie();
        };
        const { writeHead } = res;
        res.writeHead = function hook(this: ServerResponse, ...args: unknown[]) {
          hooked++;
          req.session.hook = 'was here';
          res.setHeader('X-Hook', '1');
          return writeHead.apply(this, [202, ...args.slice(1)] as never);
        } as never;
        res.end('body');
      }),
    );
    const answer = await get(port);
    expect(stored).toEqual([{ hook: 'was here' }]);
    expect(hooked).toBe(1);
    expect(answer).toMatchObject({ status: 202, text: 'body' });
    expect(answer.headers).toMatchObject({ 'x-hook': '1', 'content-length': '4' });
    expect(answer.headers['set-cookie']).toEqual(['id=ann; Path=/']);
  });

  test('one mounted before us sees our fields and may add its own', async () => {
    const sessions = new TestInterface();
    sessions.answer = async () => cookie();
    const handler = nodeSessions(sessions, (_req, res) => res.end('body'));
    const { port } = await listen((req, res) => {
      const { writeHead } = res;
      res.writeHead = function hook(this: ServerResponse, ...args: unknown[]) {
        res.setHeader('Set-Cookie', [...([res.getHeader('Set-Cookie')].flat() as string[]), 'outer=1']);
        return writeHead.apply(this, args as never);
      } as never;
      handler(req, res);
    });
    expect((await get(port)).headers['set-cookie']).toEqual(['id=ann; Path=/', 'outer=1']);
  });
});

describe('answers without a body, and more than an answer', () => {
  test.each([
    [204, undefined],
    [304, undefined],
  ])('%i carries our head', async (status) => {
    const { port, begun, release } = await slow((_req, res) => {
      res.statusCode = status;
      res.end();
    });
    const answer = get(port);
    await begun;
    release();
    expect(await answer).toMatchObject({ status, text: '', headers: { 'set-cookie': ['id=ann; Path=/'] } });
  });

  test('HEAD carries the head of GET and no body', async () => {
    const { port, begun, release } = await slow((_req, res) => res.end('hello'));
    const answer = get(port, { method: 'HEAD' });
    await begun;
    release();
    const { headers, text } = await answer;
    expect(headers).toMatchObject({ vary: 'Cookie', 'set-cookie': ['id=ann; Path=/'] });
    expect(text).toBe('');
  });

  test('1xx answers pass at once and do not start the commit', async () => {
    const sessions = new TestInterface();
    sessions.answer = () => cookie();
    const { port } = await listen(
      nodeSessions(sessions, (_req, res) => {
        res.writeContinue();
        res.writeProcessing();
        res.writeEarlyHints({ link: '</a.css>; rel=preload' });
        expect(sessions.log).toEqual(['open']);
        res.end('done');
      }),
    );
    const text = await wire(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 102', 'HTTP/1.1 103', 'HTTP/1.1 200']);
    expect(text.match(/Set-Cookie/g)).toHaveLength(1);
  });

  test('trailers follow the body', async () => {
    const { port, begun, release } = await slow((_req, res) => {
      res.writeHead(200, { Trailer: 'X-Sum' });
      res.write('a');
      res.addTrailers({ 'X-Sum': '42' });
      res.end();
    });
    const answer = get(port);
    await begun;
    release();
    expect(await answer).toMatchObject({ text: 'a', trailers: { 'x-sum': '42' } });
  });

  test('server-sent events flow once the head has left', async () => {
    const sessions = new TestInterface();
    sessions.answer = async () => cookie();
    const { port } = await listen(
      nodeSessions(sessions, (_req, res) => {
        res.writeHead(200, { 'Content-Type': 'text/event-stream' });
        res.flushHeaders();
        res.write('data: 1\n\n');
        setImmediate(() => setImmediate(() => res.write('data: 2\n\n')));
      }),
    );
    const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
    const text = await wire(port, request, (seen) => seen.includes('data: 2'));
    expect(text).toContain('Set-Cookie: id=ann');
    expect(text).toContain('data: 1');
  });
});

describe('when the commit fails', () => {
  const broken = Object.assign(new Error('secret detail'), { status: 503 });

  test('the handler’s status, headers and body are discarded and the error’s own answer goes', async () => {
    const called: string[] = [];
    const { port, begun, reject } = await slow((_req, res) => {
      res.statusMessage = 'Fine';
      res.setHeader('X-Mine', '1').setHeader('Set-Cookie', 'mine=1').setHeader('Content-Length', 7);
      res.write('private', () => called.push('write'));
      res.end(() => called.push('end'));
    });
    const answer = get(port);
    await begun;
    reject(broken);
    const { status, message, headers, text, complete } = await answer;
    expect({ status, message, text, complete }).toEqual({
      status: 503,
      message: 'Service Unavailable',
      text: '503 Service Unavailable\n',
      complete: true,
    });
    expect(headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    expect(headers['x-mine']).toBeUndefined();
    expect(headers['set-cookie']).toBeUndefined();
    expect(headers.date).toBeDefined();
    expect(called).toEqual(['write', 'end']);
  });

  test('cookies of the changes go with the error’s answer, and late writes are swallowed', async () => {
    const late: unknown[] = [];
    const sessions = new TestInterface();
    sessions.answer = () => ({ ...cookie('id=; Max-Age=0'), error: broken });
    const { port } = await listen(
      nodeSessions(sessions, (_req, res) => {
        res.write('one');
        late.push(res.write('two', () => late.push('called')));
        res.end('three');
      }),
    );
    const answer = await get(port);
    expect(answer).toMatchObject({ status: 503, text: '503 Service Unavailable\n' });
    expect(answer.headers).toMatchObject({ 'set-cookie': ['id=; Max-Age=0'], vary: 'Cookie' });
    expect(late).toEqual([true, 'called']);
    expect(sessions.log).toEqual(['open', 'commit', 'ended']);
  });

  test.each([
    ['at once', (res: ServerResponse) => res.writeHead(418, { 'X-Own': '1', 'Cache-Control': 'public' }).end('own')],
    [
      'later',
      async (res: ServerResponse) => {
        await turn();
        expect(res.headersSent).toBe(false);
        res.setHeader('X-Own', '1').statusCode = 418;
        res.write('o');
        res.end('wn');
      },
    ],
  ])('onError may write the answer %s, and our cookies keep their rules', async (_name, onError) => {
    const sessions = new TestInterface();
    sessions.answer = async () => ({ ...cookie(), error: broken });
    const handler = nodeSessions(
      sessions,
      async (_req, res) => {
        res.setHeader('X-Mine', '1').write('mine');
        await turn();
        res.end('mine too');
      },
      { onError: (_error, _req, res) => onError(res) },
    );
    const { port } = await listen(handler);
    const answer = await get(port);
    expect(answer).toMatchObject({ status: 418, text: 'own', complete: true });
    expect(answer.headers).toMatchObject({ 'x-own': '1', 'set-cookie': ['id=ann; Path=/'] });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['x-mine']).toBeUndefined();
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('no');
      },
    ],
    ['sends nothing', () => undefined],
    [
      'changes its mind',
      async (res: ServerResponse) => {
        res.setHeader('X-Own', '1');
      },
    ],
  ])('onError that %s is replaced by our plain answer', async (_name, onError: (res: ServerResponse) => unknown) => {
    const sessions = new TestInterface();
    sessions.answer = async () => ({ ...cookie(), error: broken });
    const options = { onError: (_error: unknown, _req: unknown, res: ServerResponse) => onError(res) };
    const { port } = await listen(nodeSessions(sessions, (_req, res) => res.end('mine'), options));
    const answer = await get(port);
    expect(answer).toMatchObject({ status: 503, text: '503 Service Unavailable\n' });
    expect(answer.headers['set-cookie']).toEqual(['id=ann; Path=/']);
    expect(answer.headers['x-own']).toBeUndefined();
  });
});

describe('what comes after the head', () => {
  function late(finish: () => Promise<void> | undefined) {
    const sessions = new TestInterface();
    sessions.finish = () => {
      sessions.log.push('finish');
      return finish();
    };
    return sessions;
  }

  test('is stored before the last chunk, in this order', async () => {
    const stored = held<void>();
    const sessions = late(() => stored.promise);
    const begun = held<void>();
    const { port } = await listen(
      nodeSessions(sessions, (_req, res) => {
        res.write('a');
        res.end('b');
        expect(res.writableEnded).toBe(true);
        begun.resolve();
      }),
    );
    let text = '';
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await begun.promise;
    await turn();
    await turn();
    expect(text).toMatch(/\r\na\r\n$/);
    stored.resolve();
    await once(socket, 'close');
    expect(text).toMatch(/\r\na\r\n1\r\nb\r\n0\r\n\r\n$/);
    expect(sessions.log).toEqual(['open', 'commit', 'sent', 'finish', 'ended']);
  });

  test('that cannot be stored breaks the answer', async () => {
    const sessions = late(() => Promise.reject(new Error('store is down')));
    const handler: Handler = (_req, res) => {
      res.write('a');
      res.end('b');
    };
    const { port } = await listen(nodeSessions(sessions, handler));
    expect(await get(port)).toMatchObject({ text: 'a', complete: false });
    const two = await listen2(nodeSessions(sessions, handler as never) as never);
    expect(await get2(two.port)).toMatchObject({ complete: false });
  });

  test('is stored before the byte that completes an announced length', async () => {
    const sessions = late(() => Promise.reject(new Error('store is down')));
    const { port } = await listen(
      nodeSessions(sessions, (_req, res) => {
        res.setHeader('Content-Length', 4).write('ab');
        res.write('cd');
        res.end();
      }),
    );
    expect(await get(port)).toMatchObject({ text: 'ab', complete: false });
  });

  test('a whole announced length goes out when it could be stored', async () => {
    const sessions = late(async () => undefined);
    const { port } = await listen(
      nodeSessions(sessions, async (_req, res) => {
        res.setHeader('Content-Length', 6).write('ab');
        if (!res.write('cd')) await once(res, 'drain').catch(() => undefined);
        await pipeline(Readable.from(['ef']), res);
      }),
    );
    expect(await get(port)).toMatchObject({ text: 'abcdef', complete: true });
  });

  test('the interface is told whether a first look may still come', async () => {
    const sessions = new TestInterface();
    const { port } = await listen(
      nodeSessions(sessions, (req, res) => {
        if (req.url === '/a') res.setHeader('Cache-Control', 'private');
        if (req.url === '/b') res.writeHead(200, { 'cache-control': 'max-age=1, no-store' });
        res.end();
      }),
    );
    for (const path of ['/a', '/b', '/c']) await get(port, { path });
    expect(sessions.log.filter((line) => line.startsWith('sent'))).toEqual(['sent private', 'sent private', 'sent']);
  });
});

describe('a client that goes away', () => {
  async function leave(port: number, after: Promise<unknown>) {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await after;
    socket.destroy();
  }

  test.each(['with watch', 'without watch'])('before the answer began: the session is abandoned, %s', async (kind) => {
    const sessions = new TestInterface();
    const abandoned = held<Plain>();
    sessions.abandon = (session) => void abandoned.resolve(session);
    const changed: (() => void)[] = [];
    if (kind === 'with watch') sessions.watch = (_session, hooks) => void changed.push(() => hooks.changed?.());
    const reached = held<ServerResponse>();
    const { port } = await listen(
      nodeSessions(sessions, (req, res) => {
        req.session.cart = 'full';
        changed[0]?.();
        reached.resolve(res);
      }),
    );
    await leave(port, reached.promise);
    expect(await abandoned.promise).toEqual({ cart: 'full' });
    (await reached.promise).end('too late');
    expect(sessions.log).toEqual(['open']);
  });

  test('and changes the session only then: it is abandoned too', async () => {
    const sessions = new TestInterface();
    const abandoned = held<void>();
    sessions.abandon = () => void abandoned.resolve();
    let change = (): void => undefined;
    sessions.watch = (_session, hooks) => {
      change = () => hooks.changed?.();
    };
    const reached = held<ServerResponse>();
    const { port } = await listen(nodeSessions(sessions, (_req, res) => reached.resolve(res)));
    await leave(port, reached.promise);
    await once(await reached.promise, 'close');
    change();
    await abandoned.promise;
    expect(sessions.log).toEqual(['open']);
  });

  test('an unchanged session costs no listener', async () => {
    const sessions = new TestInterface();
    sessions.abandon = () => undefined;
    sessions.watch = () => undefined;
    let listeners = 0;
    const { port } = await listen(
      nodeSessions(sessions, (_req, res) => {
        listeners = res.listenerCount('close');
        res.end();
      }),
    );
    const before = await new Promise<number>((resolve) => {
      void listen((_req, res) => {
        resolve(res.listenerCount('close'));
        res.end();
      }).then(({ port: bare }) => get(bare));
    });
    await get(port);
    expect(listeners).toBe(before);
  });

  test('while its bytes wait: the commit is carried out and the response ends quietly', async () => {
    const done = held<void>();
    const { sessions, port, begun, release } = await slow((_req, res) => {
      res.on('close', () => done.resolve());
      res.write('a');
      res.end('b');
    });
    await leave(port, begun);
    await done.promise;
    release();
    await turn();
    expect(sessions.log).toEqual(['open', 'commit', 'sent private', 'ended']);
  });

  test('in the middle of a stream: what was changed after the head is stored', async () => {
    const sessions = new TestInterface();
    const finished = held<void>();
    sessions.finish = async () => finished.resolve();
    const reached = held<void>();
    const { port } = await listen(
      nodeSessions(sessions, (_req, res) => {
        res.write('a');
        reached.resolve();
      }),
    );
    await leave(port, reached.promise);
    await finished.promise;
    await turn();
    expect(sessions.log.at(-1)).toBe('ended');
  });
});

describe('http2', () => {
  test.each(['end', 'write', 'writeHead', 'pipe'])('%s waits, and the head is merged', async (way) => {
    const sessions = new TestInterface();
    sessions.answer = async () => cookie();
    const two = await listen2(
      nodeSessions(sessions, ((_req: unknown, res: any) => {
        res.setHeader('set-cookie', ['a=1', 'id=old']);
        res.setHeader('vary', 'Accept');
        if (way === 'end') res.end('hello');
        if (way === 'writeHead') res.writeHead(200, { 'x-head': '1' }).end('hello');
        if (way === 'pipe') Readable.from(['hel', 'lo']).pipe(res);
        if (way === 'write') {
          expect(res.write('hel')).toBe(false);
          res.once('drain', () => res.end('lo'));
        }
      }) as never) as never,
    );
    const answer = await get2(two.port);
    expect(answer).toMatchObject({ status: 200, text: 'hello', complete: true });
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'id=ann; Path=/']);
    expect(answer.headers).toMatchObject({ vary: 'Accept, Cookie', 'cache-control': 'no-store' });
  });

  test('a failed commit discards the answer, and an early 103 passes', async () => {
    const sessions = new TestInterface();
    sessions.answer = () => Promise.reject(Object.assign(new Error('no'), { status: 503 }));
    const { port } = await listen2(
      nodeSessions(sessions, ((_req: unknown, res: any) => {
        res.writeEarlyHints({ link: '</a.css>; rel=preload' });
        res.setHeader('x-mine', '1');
        res.end('mine');
      }) as never) as never,
    );
    const answer = await get2(port);
    expect(answer).toMatchObject({ status: 503, text: '503 Service Unavailable\n' });
    expect(answer.headers['x-mine']).toBeUndefined();
  });
});

test('a head that left before the sessions were mounted is told, and ends as usual', async () => {
  const sessions = new TestInterface();
  sessions.finish = () => undefined;
  const handler = nodeSessions(sessions, (_req, res) => res.end('b'));
  const { port } = await listen((req, res) => {
    res.write('a');
    handler(req, res);
  });
  expect((await get(port)).text).toBe('ab');
  expect(sessions.log).toEqual(['open', 'sent', 'ended']);
});

test('two instances hold the answer one after the other', async () => {
  const one = new TestInterface();
  const two = new TestInterface();
  one.answer = async () => cookie('one=1');
  two.answer = async () => cookie('two=2');
  const inner = nodeSessions(two, (_req, res) => {
    res.write('hel');
    res.end('lo');
  });
  const { port } = await listen(nodeSessions(one, inner));
  const answer = await get(port);
  expect(answer.text).toBe('hello');
  expect(answer.headers['set-cookie']).toEqual(['two=2', 'one=1']);
  expect(answer.headers.vary).toBe('Cookie');
});
