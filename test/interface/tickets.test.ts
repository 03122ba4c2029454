import { describe, expect, test } from 'vitest';
import { newId } from '../../src/keys/ids.ts';
import { dump, OLD_SECRET, SECRET, setup, ticketOf } from './harness.ts';

describe('tickets that lead to nothing', () => {
  test('R7: an unknown id is never adopted', async () => {
    const { newBrowser, heard } = setup();
    const planted = newId();
    const browser = newBrowser(`__Host-session=${planted}`);
    const changes = await browser.visit((session) => session.set('user', 'ann'));
    expect(changes.setCookie[0]).toMatch(/^__Host-session=[\w-]{43}; /);
    expect(ticketOf(browser.cookie)).not.toBe(planted);
    expect(await newBrowser(`__Host-session=${planted}`).read((session) => session.user)).toBeUndefined();
    expect(heard('rejected').map(({ reason }) => reason)).toContain('unknown');
  });

  test('an unknown ticket is answered with no deletion', async () => {
    const { newBrowser } = setup();
    const changes = await newBrowser(`__Host-session=${newId()}`).visit((session) => session.user);
    expect(changes.setCookie).toEqual([]);
  });

  test.each([
    ['malformed', '__Host-session=nonsense'],
    ['doubled', `__Host-session=${'A'.repeat(43)}; __Host-session=${'E'.repeat(43)}`],
    ['oversized', `__Host-session=${'A'.repeat(17_000)}`],
  ])('a %s cookie is deleted, with the attributes it was set with', async (reason, cookie) => {
    const { newBrowser, heard, store } = setup();
    const changes = await newBrowser(cookie).visit((session) => session.user);
    expect(changes.setCookie).toEqual([
      '__Host-session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; HttpOnly; Path=/; SameSite=Lax',
    ]);
    expect(heard('rejected').map((event) => event.reason)).toEqual([reason]);
    expect(store.calls).toEqual([]);
  });

  test('a doubled cookie is never a choice of one, in either order', async () => {
    const { browser, newBrowser } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    const planted = `__Host-session=${newId()}`;
    for (const cookie of [`${browser.cookie}; ${planted}`, `${planted}; ${browser.cookie}`]) {
      expect(await newBrowser(cookie).read((session) => session.user)).toBeUndefined();
    }
  });
});

describe('ended tickets', () => {
  test('a closed ticket reads empty, its changes end in gone, and no cookie is sent', async () => {
    const { browser, heard } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    const copy = browser.clone();
    await browser.visit((session) => session.destroy());
    const changes = await copy.visit((session) => {
      expect(session.keys()).toEqual([]);
      session.cart = ['tea'];
    });
    expect(changes).toEqual({ setCookie: [], looked: true });
    expect(heard('gone').map(({ keys }) => keys)).toEqual([['cart']]);
  });

  test('with a closed ticket an awaited save and a take are SESSION_GONE, 409', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    const copy = browser.clone();
    await browser.visit((session) => session.destroy());
    const { session } = await copy.begin();
    session.a = 1;
    await expect(session.save()).rejects.toMatchObject({ code: 'SESSION_GONE', status: 409, outcome: 'none' });
    await expect(session.take('user')).rejects.toMatchObject({ code: 'SESSION_GONE' });
  });

  test('a minute after the end the ticket is one like any unknown, and a new session may follow', async () => {
    const { browser, clock } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    const copy = browser.clone();
    await browser.visit((session) => session.destroy());
    clock.tick('61s');
    expect((await copy.visit((session) => session.set('user', 'bob'))).setCookie).toHaveLength(1);
  });

  test('an explicit destroy deletes the cookie whatever the ticket, and writes nothing for an unknown one', async () => {
    for (const load of ['eager', 'lazy'] as const) {
      const { newBrowser, base } = setup({ load });
      const changes = await newBrowser(`__Host-session=${newId()}`).visit((session) => session.destroy());
      expect(changes.error).toBeUndefined();
      expect(changes.setCookie[0]).toMatch(/^__Host-session=; .*Max-Age=0/);
      expect(await dump(base)).toEqual([]);
    }
  });

  test('destroy without a load ends a lazy session that is there, and its index entry', async () => {
    const { browser, sessions } = setup({ load: 'lazy', ownerOf: (data) => data.user });
    await browser.visit(async (session) => {
      await session.load();
      session.set('user', 'ann');
    });
    const copy = browser.clone();
    await browser.visit((session) => session.destroy());
    const visit = await copy.begin();
    await visit.session.load();
    expect(visit.session.keys()).toEqual([]);
    expect(await sessions.listFor('ann')).toEqual([]);
  });

  test('what is written after destroy opens a new session under a new id', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.assign({ user: 'ann', cart: 1 }));
    const old = browser.clone();
    const changes = await browser.visit(async (session) => {
      await session.destroy();
      expect(session.keys()).toEqual([]);
      session.notice = 'bye';
    });
    expect(changes.setCookie).toHaveLength(1);
    expect(browser.cookie).not.toBe(old.cookie);
    expect(await browser.read((session) => session.toJSON())).toEqual({ notice: 'bye' });
    expect(await old.read((session) => session.toJSON())).toEqual({});
  });

  test('a new session that is saved and destroyed in one request leaves neither record nor session', async () => {
    const { browser, base } = setup();
    const changes = await browser.visit(async (session) => {
      session.user = 'ann';
      await session.save();
      await session.destroy();
    });
    expect(changes.setCookie).toEqual([expect.stringContaining('Max-Age=0')]);
    expect(await dump(base)).toEqual([]);
  });
});

describe('signed tickets', () => {
  const signed = { tickets: 'signed', secret: SECRET } as const;

  test('a forged id costs no store call and is deleted', async () => {
    const { browser, newBrowser, store } = setup(signed);
    await browser.visit((session) => session.set('user', 'ann'));
    const bare = ticketOf(browser.cookie).split('.')[0] ?? '';
    store.reset();
    for (const forged of [newId(), bare.slice(0, 43), `${ticketOf(browser.cookie).slice(0, -1)}_`]) {
      const changes = await newBrowser(`__Host-session=${forged}`).visit((session) => session.user);
      expect(changes.setCookie[0]).toContain('Max-Age=0');
    }
    expect(store.calls).toEqual([]);
    expect(await browser.read((session) => session.user)).toBe('ann');
  });

  test('bare ids count until acceptPlainUntil and are answered with a signed ticket', async () => {
    const plain = setup();
    await plain.browser.visit((session) => session.set('user', 'ann'));
    const until = new Date(plain.clock.now() + 60_000);
    const { newBrowser, clock } = setup({ ...signed, acceptPlainUntil: until, base: plain.base });
    const browser = newBrowser(plain.browser.cookie);
    const changes = await browser.visit(() => undefined);
    expect(changes.setCookie).toHaveLength(1);
    expect(browser.cookie).not.toBe(plain.browser.cookie);
    clock.tick('60s');
    expect(await browser.read((session) => session.user)).toBe('ann');
    expect(await newBrowser(plain.browser.cookie).read((session) => session.user)).toBeUndefined();
  });

  test('secrets rotate: the old one still reads and is re-issued, a removed one is dead', async () => {
    const old = setup({ tickets: 'signed', secret: OLD_SECRET });
    await old.browser.visit((session) => session.set('user', 'ann'));
    const both = setup({ tickets: 'signed', secret: [SECRET, OLD_SECRET], base: old.base });
    const browser = both.newBrowser(old.browser.cookie);
    expect((await browser.visit((session) => session.user)).setCookie).toHaveLength(1);
    expect((await browser.visit((session) => session.user)).setCookie).toEqual([]);
    const fresh = setup({ ...signed, base: old.base });
    expect(await fresh.newBrowser(browser.cookie).read((session) => session.user)).toBe('ann');
    expect(await fresh.newBrowser(old.browser.cookie).read((session) => session.user)).toBeUndefined();
  });

  test('a re-issued ticket of a permanent session keeps its Expires, also where nobody looks at the session', async () => {
    const old = setup({ tickets: 'signed', secret: OLD_SECRET });
    await old.browser.visit((session) => {
      session.set('user', 'ann');
      session.permanent = true;
    });
    const both = setup({ tickets: 'signed', secret: [SECRET, OLD_SECRET], base: old.base });
    const changes = await both.newBrowser(old.browser.cookie).visit(() => undefined);
    expect(changes.setCookie[0]).toContain('; Expires=');
  });

  test('signed tickets without a secret throw SECRET_REQUIRED at start', () => {
    expect(() => setup({ tickets: 'signed' })).toThrow(expect.objectContaining({ code: 'SECRET_REQUIRED' }));
  });
});

test('ids that come twice are another id: the second session never gets the first one’s data', async () => {
  const { browser, newBrowser, store } = setup();
  store.next('create', 'twice');
  await browser.visit((session) => session.set('user', 'ann'));
  expect(await browser.read((session) => session.user)).toBe('ann');
  const other = newBrowser();
  await other.visit((session) => session.set('user', 'bob'));
  expect(await other.read((session) => session.user)).toBe('bob');
});
