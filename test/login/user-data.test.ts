import { describe, expect, it } from 'vitest';
import { createUserData } from '../../src/login/index.ts';
import { dump } from '../interface/harness.ts';
import { ANN, BOB, setup } from './harness.ts';

interface Data {
  cart: { items: string[] };
  count: number;
  theme: string;
}

function withData() {
  const parts = setup();
  const userData = createUserData<Data>({ sessions: parts.sessions });
  return { ...parts, userData };
}

describe('user data', () => {
  it('follows its user to another device, with nested edits', async () => {
    const { browser, newBrowser, userData } = withData();
    await browser.visit(async ({ session }) => {
      const data = await userData(ANN, session);
      data.cart = { items: ['a'] };
    });
    await browser.visit(async ({ session }) => (await userData(ANN, session)).cart?.items.push('b'));
    await newBrowser().visit(async ({ session }) => {
      expect((await userData('1', session)).toJSON()).toEqual({ cart: { items: ['a', 'b'] } });
      expect((await userData(BOB, session)).toJSON()).toEqual({});
    });
  });

  it('loses no key and no increment to an overlap', async () => {
    const { newBrowser, userData } = withData();
    const visits = await Promise.all(Array.from({ length: 20 }, () => newBrowser().begin()));
    await Promise.all(
      visits.map(async ({ session }, n) => {
        const data = await userData(ANN, session);
        data.update('count', (count = 0) => count + 1);
        if (n === 7) data.theme = 'dark';
      }),
    );
    await Promise.all(visits.map((visit) => visit.end()));
    await newBrowser().visit(async ({ session }) => {
      expect((await userData(ANN, session)).toJSON()).toEqual({ count: 20, theme: 'dark' });
    });
  });

  it('is read once a request, and written with its commit only if it changed', async () => {
    const { browser, userData, store } = withData();
    await browser.visit(async ({ session }) => (await userData(ANN, session)).set('theme', 'dark'));
    store.reset();
    await browser.visit(async ({ session }) => {
      const [one, two] = await Promise.all([userData(ANN, session), userData('1', session)]);
      expect(one).toBe(two);
      expect(one.theme).toBe('dark');
    });
    expect(store.calls.map(({ verb }) => verb)).toEqual(['read']);
  });

  it('is stored again where it is changed again after a save', async () => {
    const { browser, userData } = withData();
    await browser.visit(async ({ session }) => {
      const data = await userData(ANN, session);
      data.count = 1;
      await data.save();
      data.count = 2;
    });
    await browser.visit(async ({ session }) => expect((await userData(ANN, session)).count).toBe(2));
  });

  it('is not stored where the session is gone, and the answer fails where it cannot be', async () => {
    const { browser, newBrowser, userData, store, heard } = withData();
    await browser.visit(({ login }) => login.loginUser(ANN));
    const other = browser.clone();
    const visit = await browser.begin();
    visit.session.set('a', 1);
    (await userData(ANN, visit.session)).theme = 'dark';
    await other.visit(({ login }) => login.logoutUser());
    await visit.end();
    await newBrowser().visit(async ({ session }) => expect((await userData(ANN, session)).theme).toBeUndefined());
    await browser.visit(async ({ session }) => (await userData(ANN, session)).set('theme', 'dark'));
    expect(heard('gone')).toHaveLength(2);
    const failing = await newBrowser().begin();
    (await userData(ANN, failing.session)).theme = 'dark';
    store.always('create', 'break');
    await expect(failing.end()).rejects.toMatchObject({ status: 503 });
  });

  it('is kept ninety days after its last use, and goes with forgetOwner and destroy', async () => {
    const { browser, userData, clock, sessions, base } = withData();
    const theme = async () => (await browser.visit(async ({ session }) => (await userData(ANN, session)).theme)).value;
    await browser.visit(async ({ session }) => (await userData(ANN, session)).set('theme', 'dark'));
    for (let n = 0; n < 4; n++) {
      clock.tick('80d');
      expect(await theme()).toBe('dark');
    }
    clock.tick('91d');
    expect(await theme()).toBeUndefined();
    await browser.visit(async ({ session }) => (await userData(ANN, session)).set('theme', 'light'));
    await sessions.forgetOwner('1');
    expect(await theme()).toBeUndefined();
    await browser.visit(async ({ session }) => (await userData(ANN, session)).set('theme', 'light'));
    await browser.visit(async ({ session }) => (await userData(ANN, session)).destroy());
    expect(await theme()).toBeUndefined();
    expect((await dump(base)).filter(({ key }) => key.startsWith('user-data:'))).toEqual([]);
  });

  it('is not undone by who stored the same key before, and changes another one now', async () => {
    const { browser, newBrowser, userData } = withData();
    await browser.visit(async ({ session }) => {
      const data = await userData(ANN, session);
      data.cart = { items: ['a'] };
      await data.save();
      await newBrowser().visit(async (other) => (await userData(ANN, other.session)).cart?.items.push('b'));
      data.count = 2;
      await data.save();
      data.theme = 'dark';
    });
    await browser.visit(async ({ session }) =>
      expect((await userData(ANN, session)).toJSON()).toEqual({ cart: { items: ['a', 'b'] }, count: 2, theme: 'dark' }),
    );
  });

  it('is not undone by reloading the session', async () => {
    const { browser, userData } = withData();
    await browser.visit(async ({ session }) => {
      const data = await userData(ANN, session);
      data.count = 1;
      await session.reload();
      data.theme = 'dark';
    });
    await browser.visit(async ({ session }) =>
      expect((await userData(ANN, session)).toJSON()).toEqual({ count: 1, theme: 'dark' }),
    );
  });

  it('does not come back by a request that only used what was deleted meanwhile', async () => {
    const { browser, userData, clock, sessions, base } = withData();
    await browser.visit(async ({ session }) => (await userData(ANN, session)).set('theme', 'dark'));
    clock.tick('80d');
    const visit = await browser.begin();
    expect((await userData(ANN, visit.session)).theme).toBe('dark');
    await sessions.forgetOwner('1');
    await visit.end();
    expect((await dump(base)).filter(({ key }) => key.startsWith('user-data:'))).toEqual([]);
  });

  it('is stored by save outside a request', async () => {
    const { userData, browser } = withData();
    const data = await userData(ANN);
    data.theme = 'dark';
    await data.save();
    await browser.visit(async ({ session }) => expect((await userData(ANN, session)).theme).toBe('dark'));
  });
});
