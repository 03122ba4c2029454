import { describe, expect, test } from 'vitest';
import { request } from '../support/visit.ts';
import { dump, setup } from './harness.ts';

describe('G4: nothing for nothing', () => {
  test('a visitor without a cookie who only reads costs no store call, no record and no cookie', async () => {
    const { browser, store, base } = setup();
    for (let i = 0; i < 100; i++) {
      const changes = await browser.visit((session) => [session.user, session.keys(), 'cart' in session]);
      expect(changes).toEqual({ setCookie: [], looked: true });
    }
    expect(store.calls).toEqual([]);
    expect(await dump(base)).toEqual([]);
  });

  test.each([
    ['another cookie', 'theme=dark'],
    ['an empty ticket', '__Host-session='],
    ['a ticket of the wrong length', `__Host-session=${'A'.repeat(42)}`],
    ['a ticket with a last character that no id has', `__Host-session=${'A'.repeat(42)}B`],
    ['a ticket in other letters', `__Host-session=${'*'.repeat(43)}`],
    ['a name in other case', `__host-session=${'A'.repeat(43)}`],
  ])('%s costs no store call', async (_what, cookie) => {
    const { newBrowser, store } = setup();
    await newBrowser(cookie).read((session) => session.user);
    expect(store.calls).toEqual([]);
  });

  test('a session that nobody uses is read and neither touched nor written, and the answer stays cacheable', async () => {
    const { browser, store, clock, verbs } = setup();
    await browser.visit((session) => session.set('a', 1));
    store.reset();
    clock.tick('50m');
    expect(await browser.visit(() => undefined)).toEqual({ setCookie: [], looked: false });
    expect(verbs()).toEqual(['read']);
  });

  test('a session that is read and not changed is touched once per tenth of its idle time', async () => {
    const { browser, store, clock, verbs } = setup({ lifetime: { idle: '10m', absolute: '24h' } });
    await browser.visit((session) => session.set('cart', { items: ['tea'] }));
    store.reset();
    for (let second = 0; second < 180; second += 10) {
      await browser.read((session) => session.cart.items.length);
      clock.tick('10s');
    }
    expect(verbs().filter((verb) => verb === 'read')).toHaveLength(18);
    expect(verbs().filter((verb) => verb === 'touch')).toHaveLength(2);
    expect(verbs().filter((verb) => verb !== 'read' && verb !== 'touch')).toEqual([]);
  });

  test('setting what is there already writes nothing', async () => {
    const { browser, store, verbs } = setup();
    await browser.visit((session) => session.set('color', 'red'));
    store.reset();
    await browser.visit((session) => {
      session.color = 'red';
      session.delete('missing');
    });
    expect(verbs()).toEqual(['read']);
  });

  test('a value that is set and taken away again in a new session leaves no record and no cookie', async () => {
    const { browser, store } = setup();
    const changes = await browser.visit((session) => {
      session.a = 1;
      session.clear();
    });
    expect(changes.setCookie).toEqual([]);
    expect(store.calls).toEqual([]);
  });

  test('destroying and regenerating what does not exist writes nothing', async () => {
    const { newBrowser, store, base } = setup();
    await newBrowser().visit((session) => session.destroy());
    await newBrowser().visit((session) => session.regenerate());
    expect(store.calls).toEqual([]);
    expect(await dump(base)).toEqual([]);
  });
});

describe('load: lazy', () => {
  test('nothing is read until load, once; before it every look throws SESSION_NOT_LOADED', async () => {
    const { browser, store, verbs } = setup({ load: 'lazy' });
    await browser.visit(async (session) => {
      await session.load();
      session.set('a', 1);
    });
    store.reset();
    await browser.visit(() => undefined);
    expect(store.calls).toEqual([]);
    const visit = await browser.begin();
    expect(() => visit.session.a).toThrow(expect.objectContaining({ code: 'SESSION_NOT_LOADED' }));
    await Promise.all([visit.session.load(), visit.session.load()]);
    expect(visit.session.a).toBe(1);
    expect(verbs()).toEqual(['read']);
    visit.session.a = 2;
    await visit.end();
    const again = await browser.begin();
    await again.session.load();
    expect(again.session.a).toBe(2);
  });

  test('a load that fails is the store’s error', async () => {
    const { browser, store } = setup({ load: 'lazy' });
    await browser.visit(async (session) => {
      await session.load();
      session.set('a', 1);
    });
    store.always('read', 'break');
    const { session } = await browser.begin();
    await expect(session.load()).rejects.toMatchObject({ code: 'STORE_FAILED', status: 503 });
    expect(() => session.a).toThrow(expect.objectContaining({ code: 'STORE_FAILED' }));
  });
});

describe('static paths', () => {
  const ticket = `__Host-session=${'A'.repeat(43)}`;
  const opened = (options: Parameters<typeof setup>[0], over: Parameters<typeof request>[1]) => {
    const { sessions, store } = setup(options);
    const session = sessions.open(request(ticket, over));
    return Promise.resolve(session).then((found) => ({ isStatic: found === undefined, calls: store.calls.length }));
  };

  test.each([
    ['GET', '/static/app.css', true],
    ['HEAD', '/static/app.css', true],
    ['POST', '/static/app.css', false],
    ['get', '/static/app.css', false],
    ['GET', '/static', false],
    ['GET', '/Static/app.css', false],
    ['GET', '/x/static/app.css', false],
    ['GET', '/%73tatic/app.css', false],
  ])('%s %s: static is %s by default', async (method, path, isStatic) => {
    expect(await opened({}, { method, path })).toEqual({ isStatic, calls: isStatic ? 0 : 1 });
  });

  test('prefixes and a predicate choose other paths, for GET and HEAD only', async () => {
    const several = { static: ['/a/', '/b/'] };
    expect((await opened(several, { path: '/b/x' })).isStatic).toBe(true);
    expect((await opened(several, { path: '/static/x' })).isStatic).toBe(false);
    const predicate = { static: ({ path }: { path: string }) => path.endsWith('.png') };
    expect((await opened(predicate, { path: '/logo.png' })).isStatic).toBe(true);
    expect((await opened(predicate, { path: '/logo.png', method: 'POST' })).isStatic).toBe(false);
  });

  test('staticFiles: true gives sessions to static paths too', async () => {
    expect(await opened({ staticFiles: true }, { path: '/static/x' })).toEqual({ isStatic: false, calls: 1 });
  });
});
