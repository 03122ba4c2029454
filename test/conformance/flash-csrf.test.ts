import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type App, count, fleet, SEALED } from './app.ts';
import { type Cell, describeCells } from './cells.ts';
import { redisMissing } from './stores.ts';
import { tell, Visitor } from './visitor.ts';

const { start, cell, pair } = fleet();

const OK = { ok: true };
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

const CELLS: readonly Cell[] = [
  ['express', 'sqlite'],
  ['express4', 'memory'],
  ['node', 'redis', redisMissing],
  ['fetch', 'sqlite'],
  ['node', 'sealed cookies'],
  ['fetch', 'sealed cookies'],
];

function envOf(adapter: string, store: string) {
  return store === 'sealed cookies' ? { ADAPTER: adapter, ...SEALED } : cell(adapter, store);
}

async function tokenOf(visitor: Visitor): Promise<string> {
  const page = await visitor.get('/form');
  expect(page.headers['content-type']).toContain('text/html');
  return /name="csrf_token" value="([\w-]{65})"/.exec(page.text)?.[1] ?? '';
}

/** A visitor whose requests say where they come from, as browsers' do. */
function flashing(visitor: Visitor, message: string, category?: string) {
  const body = JSON.stringify({ message, ...(category === undefined ? {} : { category }) });
  const headers = { 'Content-Type': 'application/json', 'Sec-Fetch-Site': 'same-origin' };
  return visitor.ask({ method: 'POST', path: '/flash', headers, body });
}

describeCells(CELLS, (adapter, store) => {
  let app: App;
  let visitor: Visitor;
  beforeAll(async () => {
    app = await start(envOf(adapter, store));
  });
  beforeEach(() => {
    visitor = new Visitor(app.port);
  });
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    visitor.ask({ method: 'POST', path, headers: { ...FORM, ...headers }, body });
  const code = async (path: string, body: string, headers: Record<string, string> = {}) => {
    const { status, json } = await post(path, body, headers);
    return status === 403 ? json.error.code : status;
  };

  test('a message arrives once, with its category, and HEAD leaves it', async () => {
    expect((await visitor.get('/flash')).json).toEqual({ messages: [] });
    expect(visitor.jar.names()).toEqual([]);
    expect((await flashing(visitor, '<script>alert(1)</script>')).json).toEqual(OK);
    expect((await flashing(visitor, 'two', 'error')).json).toEqual(OK);
    expect((await visitor.ask({ method: 'HEAD', path: '/flash' })).text).toBe('');
    expect((await visitor.get('/flash')).json).toEqual({
      messages: [
        { category: 'message', message: '<script>alert(1)</script>' },
        { category: 'error', message: 'two' },
      ],
    });
    expect((await visitor.get('/flash')).json).toEqual({ messages: [] });
    expect(visitor.jar.names()).toEqual([]);
  });

  test('a form of ours is taken by its token, and by no other way of sending it', async () => {
    const token = await tokenOf(visitor);
    expect(await tokenOf(visitor)).not.toBe(token);
    expect(visitor.jar.names()).toEqual(['__Host-csrf']);
    const form = 'message=hello';
    expect((await post('/flash', `${form}&csrf_token=${token}`)).json).toEqual(OK);
    expect((await post('/flash', form, { 'X-CSRF-Token': token })).json).toEqual(OK);
    expect(await code('/flash', form)).toBe('CSRF_TOKEN_MISSING');
    expect(await code(`/flash?csrf_token=${token}`, form)).toBe('CSRF_TOKEN_MISSING');
    expect(await code('/flash', `${form}&csrf_token=${token.slice(0, -4)}AAAA`)).toBe('CSRF_TOKEN_INVALID');
    expect(await code('/flash', `${form}&csrf_token=${token}&csrf_token=${token}`)).toBe('CSRF_TOKEN_INVALID');
  });

  test('a form of another site is refused, with whatever it knows, and nothing changes', async () => {
    await visitor.post('/set', { k: 'a', v: 1 });
    const token = await tokenOf(visitor);
    const form = `to=eve&amount=7&message=x&csrf_token=${token}`;
    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
      { 'Sec-Fetch-Site': 'same-site', Origin: 'https://blog.app.example' },
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { Origin: `https://127.0.0.1:${app.port}` },
    ]) {
      for (const path of ['/transfer', '/flash'])
        expect([path, await code(path, form, headers)]).toEqual([path, 'CSRF_FOREIGN']);
    }
    expect((await visitor.get('/flash')).json).toEqual({ messages: [] });
    expect((await post('/flash', form, { Origin: `http://127.0.0.1:${app.port}` })).json).toEqual(OK);
    expect((await visitor.get('/flash')).json.messages).toHaveLength(1);
    expect((await visitor.get('/keys')).json).toEqual({ keys: ['a'] });
  });

  test('a token of another visitor, or from before a login, is worth nothing', async () => {
    const other = new Visitor(app.port);
    await tokenOf(visitor);
    expect(await code('/flash', `message=a&csrf_token=${await tokenOf(other)}`)).toBe('CSRF_TOKEN_INVALID');
    const before = await tokenOf(visitor);
    await visitor.post('/set', { k: 'user', v: 'alice' });
    expect(await code('/flash', `message=a&csrf_token=${before}`)).toBe('CSRF_TOKEN_INVALID');
    const token = await tokenOf(visitor);
    expect(visitor.jar.names()).toEqual(['__Host-session']);
    expect(await code('/flash', `message=a&csrf_token=${token}`)).toBe(200);
    await visitor.post('/destroy');
    await tokenOf(visitor);
    expect(await code('/flash', `message=a&csrf_token=${token}`)).toBe('CSRF_TOKEN_INVALID');
  });

  test('the hook is exempt, and no other spelling of it; routes outside the guard are not guarded', async () => {
    await tokenOf(visitor);
    const foreign = { 'Sec-Fetch-Site': 'cross-site' };
    expect((await post('/hook', 'a=1', foreign)).json).toEqual(OK);
    for (const path of ['/hook/', '/HOOK', '//hook', '/%68ook', '/hook%2f']) {
      expect([path, (await post(path, 'a=1', foreign)).status]).toEqual([path, 404]);
    }
    expect((await post('/set', 'k=a&v=1', foreign)).json).toEqual(OK);
  });

  test('what a visitor sends wrong is a 4xx and stores nothing', async () => {
    const headers = { 'Content-Type': 'application/json', 'Sec-Fetch-Site': 'same-origin' };
    await app.settle();
    const committed = count(app, 'committed');
    const wrongs: [path: string, body: unknown, status: number][] = [];
    const values: unknown[] = [undefined, ['a', 'b'], { $ne: null }, null, 7, true, {}];
    for (const value of values) {
      wrongs.push(['/flash', { message: value }, 400]);
      if (value !== undefined) wrongs.push(['/flash', { message: 'x', category: value }, 400]);
    }
    wrongs.push(
      ['/flash', { message: 'x'.repeat(5000) }, 413],
      ['/flash', { message: 'x', category: 'y'.repeat(5000) }, 413],
    );
    wrongs.push(['/flash', { message: 'x'.repeat(1_048_576) }, 413]);
    for (const [path, body, status] of wrongs) {
      const told = await visitor.ask({ method: 'POST', path, headers, body: JSON.stringify(body) });
      expect([path, JSON.stringify(body).slice(0, 60), told.status]).toEqual([
        path,
        JSON.stringify(body).slice(0, 60),
        status,
      ]);
    }
    const doubled = await post('/flash', 'message=a&message=b', { 'Sec-Fetch-Site': 'same-origin' });
    expect(doubled.status).toBe(400);
    expect(visitor.jar.names()).toEqual([]);
    await app.settle();
    expect(count(app, 'committed')).toBe(committed);
  });

  test('the twenty-first message pushes out the oldest, and event lost tells it', async () => {
    const lost = count(app, 'lost');
    for (let n = 1; n <= 21; n++) await flashing(visitor, `${n}`);
    const { messages } = (await visitor.get('/flash')).json;
    expect(messages.map(({ message }: { message: string }) => message)).toEqual(
      Array.from({ length: 20 }, (_, n) => `${n + 2}`),
    );
    await app.settle();
    expect(count(app, 'lost')).toBe(lost + 1);
  });
});

const PAIRS: readonly Cell[] = [
  ['express', 'redis', redisMissing],
  ['node', 'sqlite'],
  ['fetch', 'redis', redisMissing],
];

describeCells(PAIRS, (adapter, store) => {
  test('ten readers and a writer in two processes lose no message', async () => {
    const apps = await pair(adapter, 'node', store);
    const visitor = new Visitor(apps[0].port);
    await visitor.post('/set', { k: 'cart', v: ['tea'] });
    const sent: string[] = [];
    const seen = new Map<string, number>();
    const read = async (port: number) => {
      const { messages } = (await tell(port, { path: '/flash', headers: visitor.jar.headers() })).json;
      for (const { message } of messages) seen.set(message, (seen.get(message) ?? 0) + 1);
    };
    const write = async (round: number) => {
      for (let n = 0; n < 3; n++) {
        sent.push(`${round}.${n}`);
        // Texts that occur again and again must not be taken for one another either.
        expect((await flashing(visitor, `${round}.${n}`)).json).toEqual(OK);
        expect((await flashing(visitor, 'same')).json).toEqual(OK);
      }
    };
    for (let round = 0; round < 8; round++) {
      const readers = Array.from({ length: 10 }, (_, n) => read(apps[n % 2]?.port ?? 0));
      await Promise.all([
        write(round),
        ...readers,
        ...readers.map((reader, n) => reader.then(() => read(apps[n % 2]?.port ?? 0))),
      ]);
    }
    await read(apps[0].port);
    expect(sent.filter((message) => !seen.has(message))).toEqual([]);
    expect(seen.get('same')).toBeGreaterThanOrEqual(sent.length);
    expect((await visitor.get('/keys')).json).toEqual({ keys: ['cart'] });
    await Promise.all(apps.map((app) => app.settle()));
    // Without overlap nothing was shown.
    expect(apps.reduce((sum, app) => sum + count(app, 'conflict'), 0)).toBeGreaterThan(0);
  });
});
