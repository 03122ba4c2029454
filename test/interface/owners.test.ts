import { describe, expect, test } from 'vitest';
import { hashName } from '../../src/keys/ids.ts';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { type Data, dump, setup } from './harness.ts';

const owned = { ownerOf: (data: Data) => data.user };

/** A store that keeps no owners. */
function ownerless(): Store {
  const { capabilities, ...verbs } = bound(memoryStore());
  const { listOwned: _listOwned, forget: _forget, ...rest } = verbs;
  return { ...rest, capabilities: { ...capabilities, owners: false } };
}

function bound(store: Store): Store {
  return {
    capabilities: store.capabilities,
    read: (key) => store.read(key),
    create: (...args) => store.create(...args),
    update: (...args) => store.update(...args),
    touch: (...args) => store.touch(...args),
    destroy: (...args) => store.destroy(...args),
    put: (...args) => store.put(...args),
  };
}

describe('sessions by owner', () => {
  test('listFor names the living sessions of one owner, with no id and no key', async () => {
    const { newBrowser, sessions, clock, base } = setup(owned);
    const [one, two, other] = [newBrowser(), newBrowser(), newBrowser()];
    await one.visit((session) => session.set('user', 'ann'));
    clock.tick('1m');
    await two.visit((session) => session.set('user', 'ann'));
    await other.visit((session) => session.set('user', 'bob'));
    const list = await sessions.listFor('ann');
    expect(list.map(({ handle }) => handle)).toEqual([
      await one.read((session) => session.handle),
      await two.read((session) => session.handle),
    ]);
    expect(list[0]?.createdAt).toEqual(new Date(clock.now() - 60_000));
    expect(Object.keys(list[0] ?? {}).sort()).toEqual(['createdAt', 'expiresAt', 'handle']);
    expect(JSON.stringify(await dump(base))).not.toContain('"ann:');
    expect(await sessions.listFor('nobody')).toEqual([]);
  });

  test('revoke ends one session; another owner’s handle is false and ends nothing', async () => {
    const { newBrowser, sessions, heard } = setup(owned);
    const [ann, bob] = [newBrowser(), newBrowser()];
    await ann.visit((session) => session.set('user', 'ann'));
    await bob.visit((session) => session.set('user', 'bob'));
    const handle = (await sessions.listFor('bob'))[0]?.handle ?? '';
    expect(await sessions.revoke('ann', handle)).toBe(false);
    expect(await bob.read((session) => session.user)).toBe('bob');
    expect(await sessions.revoke('bob', handle)).toBe(true);
    expect(await sessions.revoke('bob', handle)).toBe(false);
    expect(await bob.read((session) => session.user)).toBeUndefined();
    expect(heard('destroyed').map((event) => event.handle)).toEqual([handle]);
  });

  test('a session revoked during a slow request does not come back', async () => {
    const { browser, sessions } = setup(owned);
    await browser.visit((session) => session.set('user', 'ann'));
    const slow = await browser.begin();
    slow.session.cart = 1;
    expect(await sessions.revokeAll('ann')).toBe(1);
    expect(await slow.end()).toMatchObject({ setCookie: [] });
    expect(await sessions.listFor('ann')).toEqual([]);
  });

  test.each(['session', 'handle'])('revokeAll ends all but the %s given', async (kind) => {
    const { newBrowser, sessions } = setup(owned);
    const browsers = Array.from({ length: 5 }, () => newBrowser());
    for (const browser of browsers) await browser.visit((session) => session.set('user', 'ann'));
    const mine = await browsers[2]?.begin();
    const except = kind === 'session' ? mine?.session : mine?.session.handle;
    expect(await sessions.revokeAll('ann', except === undefined ? {} : { except })).toBe(4);
    const left = await Promise.all(browsers.map((browser) => browser.read((session) => session.user)));
    expect(left).toEqual([undefined, undefined, 'ann', undefined, undefined]);
  });

  test('revokeAll spares a lazy session that nobody has loaded yet', async () => {
    const { browser, sessions } = setup({ ...owned, load: 'lazy' });
    await browser.visit(async (session) => {
      await session.load();
      session.set('user', 'ann');
    });
    const { session } = await browser.begin();
    expect(await sessions.revokeAll('ann', { except: session })).toBe(0);
  });

  test('revokeAll also ends what logs in while it works', async () => {
    const base = memoryStore();
    let late: (() => Promise<unknown>) | undefined;
    const spied: Store = {
      ...bound(base),
      scan: (...args) => base.scan?.(...args) ?? Promise.reject(),
      forget: (...args) => base.forget?.(...args) ?? Promise.reject(),
      async listOwned(owner) {
        const keys = (await base.listOwned?.(owner)) ?? [];
        const act = late;
        late = undefined;
        await act?.();
        return keys;
      },
    };
    const { newBrowser, sessions } = setup({ ...owned, base: spied, maxPerOwner: 50 });
    await newBrowser().visit((session) => session.set('user', 'ann'));
    late = () => newBrowser().visit((session) => session.set('user', 'ann'));
    expect(await sessions.revokeAll('ann')).toBe(2);
  });

  test.each([null, undefined, ''])('ownerOf answering %j means nobody', async (nobody) => {
    const { browser, sessions } = setup({ ownerOf: (() => nobody) as never });
    await browser.visit((session) => session.set('a', 1));
    expect(await sessions.listFor(String(nobody))).toEqual([]);
  });

  test('owner names reach the store hashed only', async () => {
    const { browser, base } = setup({ ownerOf: () => 'ann@example.org' });
    await browser.visit((session) => session.set('a', 1));
    expect(JSON.stringify(await base.scan?.(undefined, 10))).not.toContain('ann@example.org');
    expect(await base.listOwned?.(hashName('ann@example.org'))).toHaveLength(1);
  });
});

describe('maxPerOwner', () => {
  test('twenty parallel logins leave exactly three sessions', async () => {
    const { newBrowser, sessions } = setup({ ...owned, maxPerOwner: 3 });
    const browsers = Array.from({ length: 20 }, () => newBrowser());
    for (const browser of browsers.slice(0, 10)) await browser.visit((session) => session.set('cart', 1));
    const visits = await Promise.all(browsers.map((browser) => browser.begin()));
    for (const { session } of visits) session.user = 'ann';
    await Promise.all(visits.map((visit) => visit.end()));
    expect(await sessions.listFor('ann')).toHaveLength(3);
    const alive = await Promise.all(browsers.map((browser) => browser.read((session) => session.user)));
    expect(alive.filter((user) => user === 'ann')).toHaveLength(3);
  });

  test('the oldest login ends, counted from the login and not from the first visit', async () => {
    const { newBrowser, clock } = setup({ ...owned, maxPerOwner: 1 });
    const [early, second] = [newBrowser(), newBrowser()];
    await early.visit((session) => session.set('cart', 1));
    clock.tick('1m');
    await second.visit((session) => session.set('user', 'ann'));
    clock.tick('1m');
    await early.visit((session) => session.set('user', 'ann'));
    expect(await early.read((session) => session.user)).toBe('ann');
    expect(await second.read((session) => session.user)).toBeUndefined();
  });

  test('a failure to end the surplus does not fail the login, and nothing is stored twice', async () => {
    const { newBrowser, store, heard, sessions } = setup({ ...owned, maxPerOwner: 1 });
    await newBrowser().visit((session) => session.set('user', 'ann'));
    store.next('listOwned', 'break');
    const browser = newBrowser();
    const changes = await browser.visit((session) => session.assign({ user: 'ann' }).update('n', (n = 0) => n + 1));
    expect(changes.error).toBeUndefined();
    expect(heard('store-error')).toHaveLength(1);
    expect(await browser.read((session) => session.n)).toBe(1);
    await newBrowser().visit((session) => session.set('user', 'ann'));
    expect(await sessions.listFor('ann')).toHaveLength(1);
  });
});

describe('a store without owners', () => {
  test('serves sessions with ownerOf, and says OWNERS_UNSUPPORTED where owners are asked for', async () => {
    const { browser, sessions } = setup({ ...owned, base: ownerless() });
    const changes = await browser.visit((session) => session.set('user', 'ann'));
    expect(changes.error).toBeUndefined();
    expect(await browser.read((session) => session.user)).toBe('ann');
    for (const asked of [
      sessions.listFor('ann'),
      sessions.revoke('ann', 'x'),
      sessions.revokeAll('ann'),
      sessions.forgetOwner('ann'),
    ]) {
      await expect(asked).rejects.toMatchObject({ code: 'OWNERS_UNSUPPORTED' });
    }
  });

  test('an explicit maxPerOwner on it throws at start, at ready() or with the first look', async () => {
    const unsupported = expect.objectContaining({ code: 'OWNERS_UNSUPPORTED' });
    expect(() => setup({ ...owned, base: ownerless(), maxPerOwner: 3 })).toThrow(unsupported);
    const later = setup({ ...owned, maxPerOwner: 3, store: (() => ownerless()) as never } as never);
    await expect(later.sessions.ready()).rejects.toEqual(unsupported);
    const changes = await later.browser.visit((session) => session.set('a', 1));
    expect(changes.error).toEqual(unsupported);
  });
});

test('the index never misses a living record, whatever answers were lost', async () => {
  const { newBrowser, store, sessions } = setup({ ...owned, maxPerOwner: 50 });
  for (const fault of ['lose-answer', 'lose-request', 'twice', 'fail'] as const) {
    store.next('create', fault);
    const browser = newBrowser();
    await browser.visit((session) => session.set('user', 'ann'));
    await browser.visit((session) => session.regenerate({ keep: true }));
    const handles = (await sessions.listFor('ann')).map(({ handle }) => handle);
    expect(handles).toContain(await browser.read((session) => session.handle));
  }
});
