import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Codec } from '../../src/codec/contract.ts';
import { nativeCodec } from '../../src/codec/index.ts';
import { createSessions, type Session } from '../../src/index.ts';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { Browser } from '../support/visit.ts';
import { setup } from './harness.ts';

const unhandled = vi.fn();
beforeEach(() => void process.on('unhandledRejection', unhandled));
afterEach(() => {
  process.off('unhandledRejection', unhandled);
  unhandled.mockReset();
});

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

test('a commit whose time runs out in the queue is never begun, also where that of the one before runs out in the same moment', async () => {
  const { browser, newBrowser, store } = setup({ deadline: '120ms' });
  await browser.visit((session) => session.set('n', 0));
  const before = store.calls.length;
  store.next('update', { after: new Promise<void>(() => undefined) });
  const write = (value: number) => newBrowser(browser.cookie).visit((session) => session.set('n', value));
  const [first, second] = await Promise.all([write(1), write(2)]);
  await settled();
  expect(first.error).toMatchObject({ code: 'STORE_TIMEOUT', outcome: 'unknown' });
  expect(second.error).toMatchObject({ status: 503, outcome: 'none' });
  expect(store.calls.slice(before).filter(({ verb }) => verb === 'update')).toHaveLength(1);
  expect(unhandled).not.toHaveBeenCalled();
});

test('a store that gives plain values where it owes promises is served all the same', async () => {
  let kept: Awaited<ReturnType<Store['read']>>;
  const plain = Object.assign(memoryStore(), {
    read: () => kept,
    create: (_key: string, document: string, expiresAt: number) => {
      kept = { document, version: 1, expiresAt };
      return { result: 'ok', version: 1 };
    },
    update: (_key: string, version: number, document: string, expiresAt: number) => {
      kept = { document, version: version + 1, expiresAt };
      return { result: 'ok', version: version + 1 };
    },
  }) as unknown as Store;
  const browser = new Browser<Session>(createSessions({ store: plain, sweep: false }));
  await browser.visit((session) => session.set('n', 1));
  for (const n of [2, 3]) expect((await browser.visit((session) => session.set('n', n))).error).toBeUndefined();
  expect(await browser.read((session) => session.get('n'))).toBe(3);
});

test('a replay that makes the visitor somebody else, and cannot be written under a new key, fails and holds up nobody', async () => {
  const store = memoryStore();
  const native = nativeCodec();
  let full = false;
  const codec: Codec = {
    ...native,
    encode: (record) => {
      if (full && record.meta.since !== undefined) throw new Error('full');
      return native.encode(record);
    },
    decode: (document) => native.decode(document),
  };
  // Two processes: of one the commits would queue up instead of colliding.
  const [here, there] = [0, 1].map(() => new Browser<Session>(createSessions({ store, codec, sweep: false })));
  if (here === undefined || there === undefined) throw new Error('no browser');
  await here.visit((session) => session.set('user', { id: 1, promoted: false }));
  there.cookie = here.cookie;
  const late = await there.begin();
  late.session.update('user', (user) => (user.promoted ? { ...user, id: 2 } : user));
  await here.visit((session) => session.update('user', (user) => ({ ...user, promoted: true })));
  full = true;
  expect((await late.end()).error).toBeDefined();
  full = false;
  await settled();
  expect(unhandled).not.toHaveBeenCalled();
  expect((await there.visit((session) => session.set('n', 1))).error).toBeUndefined();
});
