import { describe, expect, test, vi } from 'vitest';
import type { Verb } from '../../src/testing/faulty-store.ts';
import { codeOf, dump, setup } from './harness.ts';

const quick = { deadline: { ms: 80 } } as const;

async function timed<T>(act: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const begun = performance.now();
  const value = await act();
  return { value, ms: performance.now() - begun };
}

describe('G7: a dead store is an error, not an anonymous visitor', () => {
  test.each(['break', 'fail', 'hang', new Error('ECONNREFUSED')] as const)(
    'when reading fails (%s), a page that does not look is served, a look is a 503, and the cookie stays',
    async (fault) => {
      const { browser, store, heard } = setup(quick);
      await browser.visit((session) => session.set('user', 'ann'));
      const { cookie } = browser;
      store.always('read', fault);
      const served = await browser.visit(() => undefined);
      expect(served).toEqual({ setCookie: [], looked: false });
      const visit = await browser.begin();
      const failure = expect.objectContaining({ code: expect.stringMatching(/^STORE_/), status: 503 });
      for (const look of [
        () => visit.session.user,
        () => visit.session.keys(),
        () => 'user' in visit.session,
        () => visit.session.set('a', 1),
        () => visit.session.handle,
      ]) {
        expect(look).toThrow(failure);
      }
      expect((await visit.end()).setCookie).toEqual([]);
      expect(browser.cookie).toBe(cookie);
      expect(heard('store-error').every(({ verb }) => verb === 'read')).toBe(true);
      store.always('read', undefined);
      // The store may have been taken for down, and is asked once a second whether it is back.
      await vi.waitFor(async () => expect(await browser.read((session) => session.user)).toBe('ann'), 3000);
    },
  );

  test.each<[Verb, (session: any) => unknown]>([
    ['update', (session) => session.set('b', 2)],
    ['create', (session) => session.regenerate({ keep: true })],
    ['update', (session) => session.regenerate({ keep: true })],
    ['put', (session) => session.destroy()],
  ])('a %s that hangs is a 503 within the deadline', async (verb, act) => {
    const { browser, store } = setup(quick);
    await browser.visit((session) => session.set('a', 1));
    store.always(verb, 'hang');
    const { value, ms } = await timed(() => browser.visit(act));
    expect(value.error).toMatchObject({ code: 'STORE_TIMEOUT', status: 503, outcome: 'unknown' });
    expect(ms).toBeLessThan(1500);
  });

  test('a create that hangs for a new visitor is a 503 with no cookie', async () => {
    const { browser, store } = setup(quick);
    store.always('create', 'hang');
    const { value, ms } = await timed(() => browser.visit((session) => session.set('a', 1)));
    expect(value).toMatchObject({ setCookie: [], error: { code: 'STORE_TIMEOUT' } });
    expect(ms).toBeLessThan(1500);
  });

  test('a destroy that hangs, of a record nobody has seen, is a 503 too', async () => {
    const { browser, store } = setup(quick);
    store.always('destroy', 'hang');
    const { error } = await browser.visit(async (session) => {
      session.a = 1;
      await session.save();
      await session.destroy();
    });
    expect(codeOf(error)).toBe('STORE_TIMEOUT');
  });

  test('the deadline is one budget for reading and committing together', async () => {
    const { browser, store } = setup({ deadline: { ms: 600 } });
    await browser.visit((session) => session.set('a', 1));
    store.next('read', { before: new Promise((done) => setTimeout(done, 400)) });
    const visit = await browser.begin();
    visit.session.a = 2;
    store.next('update', 'hang');
    const { value, ms } = await timed(() => visit.end());
    expect(codeOf(value.error)).toBe('STORE_TIMEOUT');
    expect(ms).toBeLessThan(550);
  });

  test('the handler’s own time does not count against it', async () => {
    const { browser, store } = setup(quick);
    await browser.visit((session) => session.set('a', 1));
    const visit = await browser.begin();
    await new Promise((done) => setTimeout(done, 120));
    visit.session.a = 2;
    store.next('update', { before: new Promise((done) => setTimeout(done, 20)) });
    expect((await visit.end()).error).toBeUndefined();
  });

  test('failures that may be tried again are, until the deadline', async () => {
    const { browser, store, verbs } = setup(quick);
    await browser.visit((session) => session.set('a', 1));
    store.reset();
    store.next('read', 'fail', 'fail');
    store.next('update', 'fail', 'fail');
    expect((await browser.visit((session) => session.set('a', 2))).error).toBeUndefined();
    expect(verbs()).toEqual(['read', 'read', 'read', 'update', 'update', 'update']);
    store.always('update', 'fail');
    expect(await browser.visit((session) => session.set('a', 3))).toMatchObject({
      error: { code: 'STORE_FAILED', outcome: 'none' },
    });
  });

  test('a touch that fails or hangs does not fail the page', async () => {
    for (const fault of ['break', 'fail', 'hang', 'lose-answer'] as const) {
      const { browser, store, clock } = setup(quick);
      await browser.visit((session) => session.set('a', 1));
      clock.tick('30m');
      store.always('touch', fault);
      expect(await browser.visit((session) => session.a)).toEqual({ setCookie: [], looked: true });
    }
  });

  test('R92: destroy with a dead store is a 503 and the cookie is deleted all the same', async () => {
    for (const dead of ['put', '*'] as const) {
      const { browser, store } = setup(quick);
      await browser.visit((session) => session.set('user', 'ann'));
      store.always(dead, 'break');
      const changes = await browser.visit((session) => session.destroy());
      expect(changes.error).toMatchObject({ code: 'STORE_FAILED', status: 503 });
      expect(changes.setCookie).toEqual([expect.stringContaining('Max-Age=0')]);
    }
  });

  test('destroy is carried out blind where only reading fails', async () => {
    const { browser, store } = setup(quick);
    await browser.visit((session) => session.set('user', 'ann'));
    const copy = browser.clone();
    store.always('read', 'break');
    expect((await browser.visit((session) => session.destroy())).error).toBeUndefined();
    store.always('read', undefined);
    expect(await copy.read((session) => session.user)).toBeUndefined();
  });

  test('a forget that fails does not fail a logout', async () => {
    const { browser, store } = setup({ ...quick, ownerOf: (data) => data.user });
    await browser.visit((session) => session.set('user', 'ann'));
    store.always('forget', 'break');
    expect((await browser.visit((session) => session.destroy())).error).toBeUndefined();
  });

  test("onStoreError: 'anonymous' gives an empty session that cannot be written, and leaves the cookie", async () => {
    const { browser, store } = setup({ ...quick, onStoreError: 'anonymous' });
    await browser.visit((session) => session.set('user', 'ann'));
    store.always('read', 'break');
    const changes = await browser.visit((session) => {
      expect(session.user).toBeUndefined();
      expect(() => session.set('a', 1)).toThrow(expect.objectContaining({ code: 'SESSION_READ_ONLY', status: 503 }));
    });
    expect(changes).toEqual({ setCookie: [], looked: true });
    store.always('read', undefined);
    expect(await browser.read((session) => session.user)).toBe('ann');
  });

  test('an edit in place that no session can hold is an error of the commit, not a crash', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('cart', { items: [] }));
    const changes = await browser.visit((session) => {
      session.cart.fn = () => undefined;
    });
    expect(changes.setCookie).toEqual([]);
    expect(codeOf(changes.error)).toBe('VALUE_UNSUPPORTED');
  });
});

describe('answers that are lost', () => {
  test.each(['lose-answer', 'lose-request', 'twice'] as const)(
    'with %s a change counts exactly once',
    async (fault) => {
      const { browser, store } = setup();
      store.next('create', fault);
      await browser.visit((session) => session.update('n', (n = 0) => n + 1));
      for (let i = 0; i < 3; i++) {
        store.next('update', fault);
        expect((await browser.visit((session) => session.update('n', (n = 0) => n + 1))).error).toBeUndefined();
      }
      expect(await browser.read((session) => session.n)).toBe(4);
      store.next('update', fault);
      store.next('create', fault);
      await browser.visit((session) => session.regenerate({ keep: true }));
      expect(await browser.read((session) => session.n)).toBe(4);
      store.next('put', fault);
      const copy = browser.clone();
      expect((await browser.visit((session) => session.destroy())).error).toBeUndefined();
      expect(await copy.read((session) => session.n)).toBeUndefined();
    },
  );

  test('a lost answer of a destroy of what nobody has seen leaves nothing', async () => {
    const { browser, store, base } = setup();
    store.next('destroy', 'lose-answer');
    const { error } = await browser.visit(async (session) => {
      session.a = 1;
      await session.save();
      await session.destroy();
    });
    expect(error).toBeUndefined();
    expect(await dump(base)).toEqual([]);
  });

  test('a lost answer is recognised over what others committed meanwhile', async () => {
    const { browser, store } = setup();
    await browser.visit((session) => session.set('n', 0));
    const slow = await browser.clone().begin();
    slow.session.update('n', (n = 0) => n + 1);
    let back: () => void = () => undefined;
    store.next('update', 'lose-answer', { before: new Promise<void>((resolve) => (back = resolve)) });
    const ending = slow.end();
    await vi.waitFor(() => expect(store.calls.filter(({ verb }) => verb === 'update')).toHaveLength(2));
    const others = setup({ base: store });
    const other = others.newBrowser(browser.cookie);
    for (let i = 0; i < 3; i++) await other.visit((session) => session.update('n', (n = 0) => n + 1));
    back();
    expect((await ending).error).toBeUndefined();
    expect(await browser.read((session) => session.n)).toBe(4);
  });

  test.each([7, 8])('after %i foreign commits an attempt that is missing is replayed, or unknown', async (foreign) => {
    const { browser, store } = setup();
    await browser.visit((session) => session.set('n', 0));
    const slow = await browser.clone().begin();
    slow.session.update('n', (n = 0) => n + 100);
    let back: () => void = () => undefined;
    store.next('update', 'lose-request', { before: new Promise<void>((resolve) => (back = resolve)) });
    const ending = slow.end();
    await vi.waitFor(() => expect(store.calls.filter(({ verb }) => verb === 'update')).toHaveLength(2));
    const other = setup({ base: store }).newBrowser(browser.cookie);
    for (let i = 0; i < foreign + 1; i++) await other.visit((session) => session.update('n', (n = 0) => n + 1));
    back();
    const { error } = await ending;
    const replayed = foreign === 7;
    if (replayed) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ status: 503, outcome: 'unknown' });
    expect(await browser.read((session) => session.n)).toBe(foreign + 1 + (replayed ? 100 : 0));
  });

  test.each<[string, readonly ('lose-answer' | 'fail' | 'break')[]]>([
    ['never', ['lose-answer']],
    ['and then a failure that was none', ['lose-answer', 'break']],
    ['and then failures until the deadline', ['lose-answer', 'fail']],
  ])(
    'unanswered (%s), the outcome is unknown and nothing is replayed, also after a caught save',
    async (_what, line) => {
      const { browser, store } = setup(quick);
      await browser.visit((session) => session.set('n', 0));
      const [first, rest = first] = line;
      store.next('update', first);
      store.always('update', rest);
      const visit = await browser.begin();
      visit.session.update('n', (n = 0) => n + 1);
      await expect(visit.session.save()).rejects.toMatchObject({ status: 503, outcome: 'unknown' });
      store.always('update', undefined);
      const changes = await visit.end();
      expect(changes.error).toMatchObject({ outcome: 'unknown' });
      expect(changes.setCookie).toEqual([]);
      expect(await browser.read((session) => session.n)).toBe(1);
    },
  );

  test('destroy after an unknown outcome ends the session and deletes the cookie, and the answer is still the error', async () => {
    const { browser, store } = setup(quick);
    await browser.visit((session) => session.set('n', 0));
    const copy = browser.clone();
    store.always('update', 'lose-answer');
    const { error, setCookie } = await browser.visit(async (session) => {
      session.n = 1;
      await session.save().catch(() => undefined);
      await session.destroy();
    });
    expect(error).toMatchObject({ outcome: 'unknown' });
    expect(setCookie).toEqual([expect.stringContaining('Max-Age=0')]);
    expect(await copy.read((session) => session.n)).toBeUndefined();
  });

  test.each(['create', 'put'] as const)(
    'a %s whose first attempt was not answered stays unknown, whatever ends the next',
    async (verb) => {
      for (const next of ['break', 'fail', 'hang'] as const) {
        const { browser, store } = setup(quick);
        if (verb === 'put') await browser.visit((session) => session.set('a', 1));
        store.next(verb, 'lose-request');
        store.always(verb, next);
        const changes = await browser.visit((session) => (verb === 'put' ? session.destroy() : session.set('a', 1)));
        expect(changes.error).toMatchObject({ status: 503, outcome: 'unknown' });
      }
    },
  );

  test('a failure that surely stored nothing may be caught, and the commit makes the change after all', async () => {
    const { browser, store } = setup(quick);
    await browser.visit((session) => session.set('n', 0));
    store.next('update', 'break');
    const { error } = await browser.visit(async (session) => {
      session.update('n', (n = 0) => n + 1);
      await session.save().catch(() => undefined);
    });
    expect(error).toBeUndefined();
    expect(await browser.read((session) => session.n)).toBe(1);
  });

  test('a rotation whose claim is never answered is a 503 unknown without a cookie', async () => {
    const { browser, store } = setup(quick);
    await browser.visit((session) => session.set('n', 0));
    store.always('update', 'lose-answer');
    const { error, setCookie } = await browser.visit((session) => session.regenerate({ keep: true }));
    expect(error).toMatchObject({ status: 503, outcome: 'unknown' });
    expect(setCookie).toEqual([]);
  });

  test('a session that keeps changing under a rotation ends in SESSION_CONFLICT at the deadline', async () => {
    const { browser, store, base } = setup(quick);
    await browser.visit((session) => session.set('n', 0));
    const slow = await browser.begin();
    await slow.session.regenerate({ keep: true });
    const key = (await dump(base))[0]?.key ?? '';
    const { update } = store;
    store.update = async (at, version, document, expiresAt) => {
      const record = at === key ? await base.read(key) : undefined;
      if (record !== undefined) await base.update(key, record.version, record.document, record.expiresAt);
      return update(at, version, document, expiresAt);
    };
    const { value, ms } = await timed(() => slow.end());
    expect(value.error).toMatchObject({ code: 'SESSION_CONFLICT', status: 503, outcome: 'none' });
    expect(ms).toBeLessThan(1500);
    expect(await dump(base)).toHaveLength(1);
  });
});
