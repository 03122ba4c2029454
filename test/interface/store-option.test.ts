import { expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { setup } from './harness.ts';

const open = (store: unknown) => setup({ store } as never);

test.each([
  ['an instance', () => memoryStore()],
  ['a promise', () => Promise.resolve(memoryStore())],
  ['a function', () => () => memoryStore()],
  ['an async function', () => async () => memoryStore()],
])('the store may be %s, and the first request opens it', async (_what, make) => {
  const { browser } = open(make());
  await browser.visit((session) => session.set('a', 1));
  expect(await browser.read((session) => session.a)).toBe(1);
});

test('a store is opened once, whoever asks', async () => {
  let opened = 0;
  const { sessions, newBrowser } = open(async () => {
    opened++;
    await new Promise((done) => setTimeout(done, 5));
    return memoryStore();
  });
  await Promise.all([sessions.ready(), newBrowser().visit((session) => session.set('a', 1)), sessions.ready()]);
  await sessions.ready();
  expect(opened).toBe(1);
});

test('a function that failed is tried again by the next request, and its failure is a 503', async () => {
  let attempt = 0;
  const { browser, heard, sessions } = open(() => {
    if (attempt++ < 2) throw new Error('connection refused');
    return memoryStore();
  });
  await expect(sessions.ready()).rejects.toThrow('connection refused');
  const changes = await browser.visit((session) => session.set('a', 1));
  expect(changes.error).toMatchObject({ code: 'STORE_FAILED', status: 503 });
  expect(changes.setCookie).toEqual([]);
  expect(heard('store-error').map(({ verb }) => verb)).toEqual(['open']);
  expect((await browser.visit((session) => session.set('a', 1))).error).toBeUndefined();
});

test('a store that never opens is a 503 within the deadline for whoever looks, and served otherwise', async () => {
  const { newBrowser, sessions } = setup({ store: new Promise(() => undefined), deadline: { ms: 60 } } as never);
  const browser = newBrowser(`__Host-session=${'A'.repeat(43)}`);
  expect(await browser.visit(() => undefined)).toEqual({ setCookie: [], looked: false });
  const begun = performance.now();
  const visit = await browser.begin();
  expect(() => visit.session.user).toThrow(expect.objectContaining({ code: 'STORE_DOWN', status: 503 }));
  await expect(sessions.listFor('ann')).rejects.toMatchObject({ code: 'STORE_DOWN', outcome: 'none' });
  // Once a deadline has passed with nothing answered, nobody waits for another.
  expect(performance.now() - begun).toBeLessThan(50);
});

test('a promise that was rejected before anybody asked is told to whoever asks', async () => {
  const { sessions, browser } = open(Promise.reject(new Error('no such host')));
  await new Promise((done) => setTimeout(done, 5));
  await expect(sessions.ready()).rejects.toThrow('no such host');
  expect((await browser.visit((session) => session.set('a', 1))).error).toMatchObject({ status: 503 });
});

test('what a function opens is looked at too', async () => {
  await expect(open(() => ({})).sessions.ready()).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('close waits for running commits, then closes the store that a function opened', async () => {
  const order: string[] = [];
  const base = memoryStore();
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const store = {
    capabilities: base.capabilities,
    read: base.read.bind(base),
    update: base.update.bind(base),
    touch: base.touch.bind(base),
    destroy: base.destroy.bind(base),
    put: base.put.bind(base),
    create: async (...args: Parameters<typeof base.create>) => {
      await gate;
      order.push('create');
      return base.create(...args);
    },
    close: async () => void order.push('close'),
  };
  const { browser, sessions } = open(() => store);
  const visit = await browser.begin();
  visit.session.a = 1;
  const ending = visit.end();
  const closing = sessions.close();
  go();
  await Promise.all([closing, ending]);
  expect(order).toEqual(['create', 'close']);
});
