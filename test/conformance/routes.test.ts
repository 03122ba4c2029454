import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type App, count, fleet } from './app.ts';
import { CELLS, describeCells, MORE_CELLS, REDIS_CELLS } from './cells.ts';
import { tell, Visitor } from './visitor.ts';

const { start, cell } = fleet();

const NAME = '__Host-session';
const TICKET = /^__Host-session=[\w-]{43}; Secure; HttpOnly; Path=\/; SameSite=Lax$/;
const OK = { ok: true };

describeCells([...CELLS, ...REDIS_CELLS, ...MORE_CELLS, ['express4', 'memory']], (adapter, store) => {
  let app: App;
  let visitor: Visitor;
  beforeAll(async () => {
    app = await start(cell(adapter, store));
  });
  beforeEach(() => {
    visitor = new Visitor(app.port);
  });

  test('what was set is there with the next request, in its own type', async () => {
    const values = ['text', '', 7, 1.5, true, null, [1, ['a']], { a: { b: [null] } }];
    for (const [at, v] of values.entries()) expect((await visitor.post('/set', { k: `k${at}`, v })).json).toEqual(OK);
    for (const [at, v] of values.entries()) expect((await visitor.get(`/get?k=k${at}`)).json).toEqual({ value: v });
    expect((await visitor.get('/keys')).json).toEqual({ keys: values.map((_, at) => `k${at}`) });
    expect((await visitor.get('/get?k=other')).json).toEqual({ value: null });
  });

  test('a key may have the name of a member or of what every object inherits', async () => {
    for (const k of ['get', 'id', 'save', 'then', 'toString', 'hasOwnProperty']) {
      expect((await visitor.get(`/get?k=${k}`)).json).toEqual({ value: null });
      expect((await visitor.post('/set', { k, v: k })).json).toEqual(OK);
      expect((await visitor.get(`/get?k=${k}`)).json).toEqual({ value: k });
    }
  });

  test('a form does the same as JSON', async () => {
    const form = (path: string, body: string) =>
      visitor.ask({
        path,
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded;charset=UTF-8' },
        body,
      });
    expect((await form('/set', 'k=a+b&v=%C3%A4%26')).json).toEqual(OK);
    expect((await visitor.get('/get?k=a%20b')).json).toEqual({ value: 'ä&' });
    expect((await form('/permanent', 'on=true')).setCookie[0]).toContain('; Expires=');
    expect((await form('/regenerate', 'keep=a+b')).json).toEqual(OK);
    expect((await visitor.get('/keys')).json).toEqual({ keys: ['a b'] });
  });

  test('pop and take give what was there, and it is gone', async () => {
    for (const path of ['/pop', '/take']) {
      await visitor.post('/set', { k: 'a', v: [1] });
      expect((await visitor.post(path, { k: 'a' })).json).toEqual({ ok: true, value: [1] });
      expect((await visitor.get('/keys')).json).toEqual({ keys: [] });
      expect((await visitor.post(path, { k: 'a' })).json).toEqual({ ok: true, value: null });
    }
  });

  test('incr, append and push change what is there', async () => {
    expect((await visitor.post('/incr', { k: 'n' })).json).toEqual({ ok: true, value: 1 });
    expect((await visitor.post('/incr', { k: 'n' })).json).toEqual({ ok: true, value: 2 });
    expect((await visitor.post('/append', { k: 'l', v: 'a' })).json).toEqual({ ok: true, value: ['a'] });
    expect((await visitor.post('/append', { k: 'l', v: { b: 1 } })).json).toEqual({
      ok: true,
      value: ['a', { b: 1 }],
    });
    expect((await visitor.post('/push', { k: 'l', v: 3 })).json).toEqual(OK);
    expect((await visitor.get('/get?k=l')).json).toEqual({ value: ['a', { b: 1 }, 3] });
  });

  test('the facts: nothing before there is a record, then its handle and its times', async () => {
    const none = { handle: null, isNew: true, createdAt: null, expiresAt: null };
    expect((await visitor.get('/info')).json).toEqual(none);
    await visitor.post('/set', { k: 'a', v: 1 });
    const { json } = await visitor.get('/info');
    expect(json).toEqual({ ...none, handle: expect.any(String), isNew: false, ...datesOf(json) });
    expect(Date.parse(json.expiresAt) - Date.parse(json.createdAt)).toBeGreaterThanOrEqual(3_600_000);
    expect(visitor.jar.get(NAME)).not.toContain(json.handle);
    expect((await visitor.get('/info')).json.handle).toBe(json.handle);
  });

  test('clear empties the session and takes its cookie away', async () => {
    await visitor.post('/set', { k: 'a', v: 1 });
    const cleared = await visitor.post('/clear');
    expect([cleared.json, visitor.jar.names()]).toEqual([OK, []]);
    expect((await visitor.get('/keys')).json).toEqual({ keys: [] });
  });

  test('destroy takes the cookie away, and its ticket is worth nothing afterwards', async () => {
    await visitor.post('/set', { k: 'a', v: 1 });
    const headers = visitor.jar.headers();
    const ended = await visitor.post('/destroy');
    expect(ended.json).toEqual(OK);
    expect(ended.setCookie).toEqual([
      `${NAME}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; HttpOnly; Path=/; SameSite=Lax`,
    ]);
    const thief = await tell(app.port, { path: '/keys', headers });
    expect([thief.json, thief.setCookie]).toEqual([{ keys: [] }, []]);
    await tell(app.port, { path: '/slow?ms=0&k=a&v=2', headers });
    expect((await tell(app.port, { path: '/keys', headers })).json).toEqual({ keys: [] });
  });

  test.each([
    [true, ['a', 'b']],
    [['b', 'none'], ['b']],
    [[], []],
    [false, []],
  ])('regenerate with keep %j gives a new ticket and kills the old one', async (keep, kept) => {
    await visitor.post('/set', { k: 'a', v: 1 });
    await visitor.post('/set', { k: 'b', v: 1 });
    const headers = visitor.jar.headers();
    const before = (await visitor.get('/info')).json.handle;
    const moved = await visitor.post('/regenerate', { keep });
    expect(moved.json).toEqual(OK);
    if (kept.length > 0) {
      expect(moved.setCookie).toEqual([expect.stringMatching(TICKET)]);
      expect((await visitor.get('/info')).json.handle).not.toBe(before);
    } else expect(visitor.jar.names()).toEqual([]);
    expect(visitor.jar.headers()).not.toEqual(headers);
    expect((await visitor.get('/keys')).json).toEqual({ keys: kept });
    expect((await tell(app.port, { path: '/keys', headers })).json).toEqual({ keys: [] });
  });

  test('a permanent session’s cookie outlives the browser, and ends with it again when switched off', async () => {
    await visitor.post('/set', { k: 'a', v: 1 });
    const [on] = (await visitor.post('/permanent', { on: true })).setCookie;
    expect(Date.parse(/; Expires=([^;]+)/.exec(on ?? '')?.[1] ?? '')).toBeGreaterThan(Date.now() + 30 * 86_400_000);
    const [off] = (await visitor.post('/permanent', { on: false })).setCookie;
    expect(off).toMatch(TICKET);
  });

  test('the cookie is sent when it is born, with all its attributes, and not again', async () => {
    expect((await visitor.get('/keys')).setCookie).toEqual([]);
    const born = await visitor.post('/set', { k: 'a', v: 1 });
    expect(born.setCookie).toEqual([expect.stringMatching(TICKET)]);
    expect(born.headers['cache-control']).toBe('no-store');
    for (const path of ['/keys', '/public', '/get?k=a', '/slow?ms=0&k=a&v=2']) {
      expect((await visitor.get(path)).setCookie).toEqual([]);
    }
  });

  test('slow writes after its wait, slowread writes nothing', async () => {
    expect((await visitor.get('/slow?ms=20&k=a&v=1')).json).toEqual(OK);
    await app.settle();
    const committed = count(app, 'committed');
    expect((await visitor.get('/slowread?ms=20')).json).toEqual({ keys: ['a'] });
    await app.settle();
    expect(count(app, 'committed')).toBe(committed);
  });

  test('what was written before a throw is kept, and the answer is a 500', async () => {
    const boom = await visitor.get('/boom?k=a&v=1');
    expect([boom.status, boom.json]).toEqual([500, { error: { code: 'INTERNAL', message: 'Something went wrong.' } }]);
    expect((await visitor.get('/get?k=a')).json).toEqual({ value: '1' });
  });

  test('a file and a redirect are sent when the session is stored', async () => {
    const file = await visitor.get('/file?k=a&v=1');
    expect([file.text, file.setCookie.length]).toEqual(['Your coat is on hook 7.\n', 1]);
    expect((await visitor.get('/get?k=a')).json).toEqual({ value: '1' });
    for (let round = 0; round < 10; round++) {
      const redirect = await visitor.get(`/redirect?k=r${round}&v=1`);
      expect([redirect.status, redirect.headers.location]).toEqual([302, '/keys']);
      expect((await visitor.get('/keys')).json.keys).toContain(`r${round}`);
    }
  });

  test('a late write of a stream is stored for a session that exists', async () => {
    await visitor.post('/set', { k: 'a', v: 1 });
    const stream = await visitor.get('/stream?ms=50&k=late&v=1');
    expect([stream.status, stream.text, stream.setCookie]).toEqual([200, 'begun\nok', []]);
    expect((await visitor.get('/get?k=late')).json).toEqual({ value: '1' });
  });

  test('a late write of a new visitor is refused, and makes no record', async () => {
    await app.settle();
    const created = count(app, 'created');
    const stream = await visitor.get('/stream?ms=50&k=late&v=1');
    expect([stream.status, stream.text, stream.setCookie]).toEqual([200, 'begun\nSESSION_HEADERS_SENT', []]);
    await app.settle();
    expect(count(app, 'created')).toBe(created);
  });

  test('a page that looks at the session is private and varies by the cookie, whatever its handler said', async () => {
    for (const round of [1, 2]) {
      const cached = await visitor.get('/cached');
      expect(cached.headers['cache-control']).toBe('private, max-age=600');
      expect(cached.headers.vary).toMatch(/(^|, )Cookie$/);
      if (round === 1) await visitor.post('/set', { k: 'a', v: 1 });
    }
  });

  test('the direct interface sets, gets and deletes, and says what a visitor sent wrong', async () => {
    const key = `k-${adapter}-${store}-${Math.random()}`;
    const backend = (op: string, rest: object = {}) => visitor.post('/backend', { op, key, ...rest });
    expect((await backend('get')).json).toEqual({ value: null });
    for (const value of ['text', 0, null, { a: [1] }]) {
      expect((await backend('set', { value, expiry: 60 })).json).toEqual(OK);
      expect((await backend('get')).json).toEqual({ value });
    }
    for (const expiry of [0, -1, 1.5, 1e300, null, '', 'soon', '-1', true]) {
      const refused = await backend('set', { value: 'late', expiry });
      expect([expiry, refused.status, refused.json.error.code]).toEqual([expiry, 400, 'EXPIRY_INVALID']);
    }
    expect((await backend('get')).json).toEqual({ value: { a: [1] } });
    expect((await backend('set', { value: 'short', expiry: 1 })).json).toEqual(OK);
    expect((await backend('set', { value: 'default' })).json).toEqual(OK);
    expect((await backend('delete')).json).toEqual({ ok: true, value: true });
    expect((await backend('delete')).json).toEqual({ ok: false, value: false });
    for (const body of [{ op: 'get' }, { op: 'clear', key }, { op: 'set', key }, { key }, { op: 'get', key: 1 }]) {
      const refused = await visitor.post('/backend', body);
      expect([body, refused.status, refused.json.error.code]).toEqual([body, 400, 'FIELD_INVALID']);
    }
    const forbidden = JSON.parse('{"a":{"__proto__":1}}');
    expect((await backend('set', { value: forbidden })).json.error.code).toBe('KEY_FORBIDDEN');
    expect((await backend('set', { value: 'x'.repeat(70_000) })).status).toBe(413);
    expect(visitor.jar.names()).toEqual([]);
    const form = await visitor.ask({
      path: '/backend',
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `op=set&key=${encodeURIComponent(key)}&value=form&expiry=60`,
    });
    expect(form.json).toEqual(OK);
    expect((await backend('get')).json).toEqual({ value: 'form' });
    await backend('delete');
  });

  test('public and static paths write nothing, send no cookie and stay public', async () => {
    await app.settle();
    const before = app.events.length;
    for (const path of ['/public', '/static/app.css']) {
      const { status, headers, setCookie } = await visitor.get(path);
      expect([status, setCookie, headers.vary]).toEqual([200, [], undefined]);
      expect(headers['cache-control'] ?? '').not.toMatch(/private|no-store/);
    }
    await app.settle();
    expect(app.events.slice(before).map(({ reason }) => reason)).toEqual(['malformed']);
    await visitor.post('/set', { k: 'a', v: 1 });
    await app.settle();
    const start = app.events.length;
    const file = await visitor.get('/static/app.css');
    const page = await visitor.get('/public');
    for (const { setCookie, headers } of [file, page]) expect([setCookie, headers.vary]).toEqual([[], undefined]);
    await app.settle();
    // The ticket is read ahead for a page, and never for a file; neither writes.
    expect(app.events.slice(start).map(({ event }) => event)).toEqual(['loaded', 'rejected']);
  });

  test('HEAD has the head of GET and no body', async () => {
    await visitor.post('/set', { k: 'a', v: 1 });
    for (const path of ['/keys', '/cached', '/public', '/static/app.css', '/nothing']) {
      const [head, got] = [await visitor.ask({ path, method: 'HEAD' }), await visitor.get(path)];
      expect([head.status, head.text]).toEqual([got.status, '']);
      for (const name of ['content-type', 'cache-control', 'vary', 'set-cookie']) {
        expect([path, name, head.headers[name]]).toEqual([path, name, got.headers[name]]);
      }
    }
    const wrote = await new Visitor(app.port).ask({ path: '/slow?ms=0&k=a&v=1', method: 'HEAD' });
    expect(wrote.setCookie).toEqual([expect.stringMatching(TICKET)]);
  });

  const wrong: [method: string, path: string, body: unknown, status: number, code: string][] = [
    ['POST', '/set', { v: 1 }, 400, 'FIELD_INVALID'],
    ['POST', '/set', { k: 'a' }, 400, 'FIELD_INVALID'],
    ['POST', '/set', { k: 1, v: 1 }, 400, 'FIELD_INVALID'],
    ['POST', '/set', { k: ['a'], v: 1 }, 400, 'FIELD_INVALID'],
    ['POST', '/set', [], 400, 'FIELD_INVALID'],
    ['POST', '/set', '{"k":', 400, 'BODY_INVALID'],
    ['POST', '/set', '"text"', 400, 'BODY_INVALID'],
    ['POST', '/set', 'null', 400, 'BODY_INVALID'],
    ['POST', '/set', { k: '__proto__', v: 1 }, 400, 'KEY_FORBIDDEN'],
    ['POST', '/set', { k: 'constructor', v: 1 }, 400, 'KEY_FORBIDDEN'],
    ['POST', '/set', '{"k":"a","v":{"b":[{"__proto__":1}]}}', 400, 'KEY_FORBIDDEN'],
    ['POST', '/set', { k: 'a', v: 'x'.repeat(65_536) }, 413, 'SESSION_TOO_LARGE'],
    ['POST', '/set', `{"k":"a","v":${'['.repeat(20)}${']'.repeat(20)}}`, 413, 'SESSION_TOO_LARGE'],
    ['POST', '/set', { k: 'a', v: 'x'.repeat(1_100_000) }, 413, 'BODY_TOO_LARGE'],
    ['POST', '/incr', {}, 400, 'FIELD_INVALID'],
    ['POST', '/incr', { k: 'text' }, 400, 'FIELD_INVALID'],
    ['POST', '/incr', { k: '__proto__' }, 400, 'KEY_FORBIDDEN'],
    ['POST', '/append', { k: 'text', v: 1 }, 400, 'FIELD_INVALID'],
    ['POST', '/push', { k: 'text', v: 1 }, 400, 'FIELD_INVALID'],
    ['POST', '/push', { k: 'missing', v: 1 }, 400, 'FIELD_INVALID'],
    ['POST', '/permanent', { on: 'perhaps' }, 400, 'FIELD_INVALID'],
    ['POST', '/permanent', {}, 400, 'FIELD_INVALID'],
    ['POST', '/regenerate', { keep: [1] }, 400, 'FIELD_INVALID'],
    ['POST', '/regenerate', {}, 400, 'FIELD_INVALID'],
    ['GET', '/get', undefined, 400, 'FIELD_INVALID'],
    ['GET', '/get?k=a&k=b', undefined, 400, 'FIELD_INVALID'],
    ['GET', '/slow?k=a&v=1', undefined, 400, 'FIELD_INVALID'],
    ['GET', '/slow?ms=-1&k=a&v=1', undefined, 400, 'FIELD_INVALID'],
    ['GET', '/slow?ms=1e9&k=a&v=1', undefined, 400, 'FIELD_INVALID'],
    ['GET', '/boom?k=__proto__&v=1', undefined, 400, 'KEY_FORBIDDEN'],
    ['GET', '/', undefined, 404, 'NOT_FOUND'],
    ['GET', '/set', undefined, 404, 'NOT_FOUND'],
    ['GET', '/keys/', undefined, 404, 'NOT_FOUND'],
    ['GET', '/KEYS', undefined, 404, 'NOT_FOUND'],
    ['GET', '//', undefined, 404, 'NOT_FOUND'],
    ['GET', '/%', undefined, 404, 'NOT_FOUND'],
    ['GET', '/static/../../package.json', undefined, 404, 'NOT_FOUND'],
    ['POST', '/keys', {}, 404, 'NOT_FOUND'],
    ['DELETE', '/keys', undefined, 404, 'NOT_FOUND'],
  ];

  test('what a visitor sends wrong is a 4xx with a code, and changes nothing', async () => {
    await visitor.post('/set', { k: 'text', v: 'x' });
    for (const [method, path, body, status, code] of wrong) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const headers = { 'Content-Type': 'application/json' };
      const told = await visitor.ask({ method, path, headers, ...(text === undefined ? {} : { body: text }) });
      const what = `${method} ${path} ${text?.slice(0, 40)}`;
      expect([what, told.status, told.json?.error]).toEqual([what, status, { code, message: expect.any(String) }]);
    }
    const other = await visitor.ask({
      method: 'POST',
      path: '/set',
      headers: { 'Content-Type': 'text/x' },
      body: 'k',
    });
    expect([other.status, other.json.error.code]).toEqual([400, 'FIELD_INVALID']);
    expect((await visitor.get('/keys')).json).toEqual({ keys: ['text'] });
    expect((await visitor.get('/get?k=text')).json).toEqual({ value: 'x' });
  });

  test('a session that grows too large bit by bit is a 413 of the commit, and stays as it was', async () => {
    await visitor.post('/set', { k: 'l', v: ['x'.repeat(40_000)] });
    const grown = await visitor.post('/push', { k: 'l', v: 'y'.repeat(40_000) });
    expect([grown.status, grown.json.error.code]).toEqual([413, 'SESSION_TOO_LARGE']);
    expect((await visitor.get('/get?k=l')).json.value).toHaveLength(1);
  });
});

function datesOf({ createdAt, expiresAt }: { createdAt: string; expiresAt: string }): object {
  expect(new Date(createdAt).toISOString()).toBe(createdAt);
  expect(new Date(expiresAt).toISOString()).toBe(expiresAt);
  return { createdAt, expiresAt };
}
