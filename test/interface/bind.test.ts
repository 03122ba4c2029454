import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { closedNonce } from '../../src/codec/closed.ts';
import { nativeCodec } from '../../src/codec/native.ts';
import { createSessions } from '../../src/index.ts';
import type { SessionRequest } from '../../src/interface/contract.ts';
import { keyOf } from '../../src/keys/ids.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { Browser } from '../support/visit.ts';
import { codeOf, type Data, dump, SECRET, sealedSetup, setup, ticketOf } from './harness.ts';

const HOME = '198.51.100.7';
const AWAY = '203.0.113.9';

const from = (address: string | undefined): Partial<SessionRequest> => ({ address });
const via = (client: string): Partial<SessionRequest> => ({
  address: '10.0.0.1',
  header: (name) => (name === 'x-forwarded-for' ? client : undefined),
});

function bound(options: Parameters<typeof setup>[0] = {}) {
  const all = setup({ bind: 'ip', ...options });
  const at = async (address: string | undefined, act: (session: any) => unknown = (session) => session.keys()) => {
    let value: unknown;
    const changes = await all.browser.visit((session) => {
      value = act(session);
    }, from(address));
    return { value, changes };
  };
  const metaOf = async () => {
    const record = await all.base.read(keyOf(ticketOf(all.browser.cookie)));
    return record === undefined ? undefined : nativeCodec().decode(record.document).meta;
  };
  return { ...all, at, metaOf };
}

const write = (session: any) => session.set('user', 'ann');

describe("bind: 'ip'", () => {
  test('another known address finds an empty session, the record is closed, and an event says so', async () => {
    const { at, browser, base, heard } = bound();
    await at(HOME, write);
    const key = keyOf(ticketOf(browser.cookie));
    let handle: string | undefined;
    await at(HOME, (session) => {
      handle = session.handle;
    });
    const thief = await at(AWAY, (session) => [session.keys(), session.isNew, session.handle, session.modified]);
    expect(thief.value).toEqual([[], true, undefined, expect.anything()]);
    expect(thief.changes.setCookie).toEqual([]);
    expect(closedNonce((await base.read(key))?.document ?? '')).toBeDefined();
    expect(heard('rejected')).toEqual([
      { type: 'rejected', at: expect.any(Number), handle, reason: 'address', address: AWAY },
    ]);
    expect(heard('destroyed')).toMatchObject([{ handle, address: AWAY }]);
    expect((await at(HOME)).value).toEqual([]);
  });

  test('a page that does not look at its session ends it too, and so does one that is abandoned', async () => {
    for (const how of ['commit', 'abandon'] as const) {
      const { at, browser, sessions, heard } = bound();
      await at(HOME, write);
      const visit = await browser.begin(from(AWAY));
      const changed = vi.fn();
      sessions.watch?.(visit.session, { changed });
      expect(changed).toHaveBeenCalled();
      if (how === 'commit') expect((await visit.end()).looked).toBe(false);
      else await sessions.abandon?.(visit.session);
      expect(heard('destroyed')).toHaveLength(1);
      expect((await at(HOME)).value).toEqual([]);
    }
  });

  test('a slow request from the right place does not bring the session back', async () => {
    const { at, browser, base, heard } = bound();
    await at(HOME, write);
    const key = keyOf(ticketOf(browser.cookie));
    const slow = await browser.begin(from(HOME));
    slow.session.get('user');
    await browser.clone().visit((session) => session.keys(), from(AWAY));
    slow.session.set('n', 1);
    expect((await slow.end()).setCookie).toEqual([]);
    expect(heard('gone')).toMatchObject([{ address: HOME }]);
    expect(closedNonce((await base.read(key))?.document ?? '')).toBeDefined();
  });

  test('what is written from there begins a new session, bound to the new place', async () => {
    const { at, browser, metaOf } = bound();
    await at(HOME, write);
    const before = browser.cookie;
    await at(AWAY, (session) => session.set('n', 1));
    expect(browser.cookie).not.toBe(before);
    expect(await metaOf()).toMatchObject({ address: AWAY, commits: 1 });
    expect((await at(AWAY)).value).toEqual(['n']);
  });

  test('IPv6 counts by its /64, and every spelling of an address is that address', async () => {
    const { at, metaOf } = bound();
    await at('2001:DB8:0:7::1', write);
    expect((await metaOf())?.address).toBe('2001:db8:0:7::/64');
    for (const address of ['2001:db8:0:7:ffff::2', '2001:db8:0:7:0:0:0:1']) {
      expect((await at(address)).value).toEqual(['user']);
    }
    expect((await at('2001:db8:0:8::1')).value).toEqual([]);
    const four = bound();
    await four.at(`::FFFF:${HOME}`, write);
    expect((await four.at(HOME)).value).toEqual(['user']);
  });

  test('an address that is not known, then or now, passes', async () => {
    const { at, metaOf, events } = bound();
    await at(undefined, write);
    expect(await metaOf()).not.toHaveProperty('address');
    expect((await at(HOME)).value).toEqual(['user']);
    await at(HOME, (session) => session.set('n', 1));
    expect((await metaOf())?.address).toBe(HOME);
    expect((await at(undefined)).value).toEqual(['user', 'n']);
    expect((await at('unix')).value).toEqual(['user', 'n']);
    expect((await at(AWAY)).value).toEqual([]);
    expect(events.at(-1)?.type).toBe('destroyed');
  });

  test('a record from before the binding was switched on belongs to the place of its next write', async () => {
    const base = memoryStore();
    const before = setup({ base });
    await before.browser.visit(write, from(HOME));
    const { browser, newBrowser, metaOf, clock } = bound({ base });
    clock.set(before.clock.now());
    browser.cookie = before.browser.cookie;
    expect(await metaOf()).not.toHaveProperty('address');
    const anywhere = newBrowser(browser.cookie);
    await anywhere.visit((session) => expect(session.keys()).toEqual(['user']), from(AWAY));
    await browser.visit((session) => session.set('n', 1), from(HOME));
    expect((await metaOf())?.address).toBe(HOME);
    await anywhere.visit((session) => expect(session.keys()).toEqual([]), from(AWAY));
  });

  test('what another program stored, which is no address, says nothing and is replaced', async () => {
    const { at, browser, base, metaOf } = bound();
    await at(HOME, write);
    const key = keyOf(ticketOf(browser.cookie));
    const record = await base.read(key);
    const { data, meta } = nativeCodec().decode(record?.document ?? '');
    const document = nativeCodec().encode({ data, meta: { ...meta, address: '1.1.1.1, 2.2.2.2' } });
    await base.put(key, document, record?.expiresAt ?? 0);
    expect((await at(AWAY)).value).toEqual(['user']);
    await at(AWAY, (session) => session.set('n', 1));
    expect((await metaOf())?.address).toBe(AWAY);
  });

  test('a new id keeps the place', async () => {
    const { at, browser, metaOf } = bound();
    await at(HOME, (session) => session.set('n', 1));
    const before = browser.cookie;
    await at(HOME, write);
    expect(browser.cookie).not.toBe(before);
    expect((await metaOf())?.address).toBe(HOME);
    expect((await at(AWAY)).value).toEqual([]);
  });

  test('behind a trusted proxy it is the visitor’s address that counts, not the header’s left end', async () => {
    const { browser, metaOf } = bound({ trustProxy: 1 });
    const keys = async (client: string) => {
      let found: unknown;
      await browser.clone().visit((session) => {
        found = session.keys();
      }, via(client));
      return found;
    };
    await browser.visit(write, via(HOME));
    expect((await metaOf())?.address).toBe(HOME);
    expect(await keys(`${AWAY}, ${HOME}`)).toEqual(['user']);
    expect(await keys(`${HOME}, ${AWAY}`)).toEqual([]);
    expect(await keys(HOME)).toEqual([]);
  });

  test('with load: lazy the place is looked at when the session is loaded', async () => {
    const { at, heard, browser } = bound({ load: 'lazy' });
    await browser.visit(async (session) => {
      await session.load();
      write(session);
    }, from(HOME));
    await at(AWAY, () => undefined);
    expect(heard('rejected')).toEqual([]);
    await browser.visit(async (session) => {
      await session.load();
      expect(session.keys()).toEqual([]);
    }, from(AWAY));
    expect(heard('rejected')).toMatchObject([{ reason: 'address' }]);
  });

  test('a store that cannot end the record is an error, and the visitor has nothing of it', async () => {
    const { at, browser, store } = bound();
    await at(HOME, write);
    store.always('put', 'break');
    const { value, changes } = await at(AWAY);
    expect([value, codeOf(changes.error), changes.setCookie]).toEqual([[], 'STORE_FAILED', []]);
    expect(browser.cookie).toBeDefined();
  });

  test('the owner’s list forgets the session', async () => {
    const { at, sessions } = bound({ ownerOf: (data) => data.user });
    await at(HOME, write);
    expect(await sessions.listFor('ann')).toHaveLength(1);
    await at(AWAY);
    expect(await sessions.listFor('ann')).toHaveLength(0);
  });

  test('a schema that throws is still the error of whoever looks, and of nobody else', async () => {
    let broken = false;
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) => {
          if (broken) throw new Error('schema');
          return { value };
        },
      },
    } as const;
    const { at } = bound({ schema });
    await at(HOME, write);
    broken = true;
    await expect(at(HOME, () => undefined)).resolves.toMatchObject({ changes: { looked: false } });
    await expect(at(HOME)).rejects.toThrow('schema');
    expect((await at(AWAY)).value).toEqual([]);
  });

  test('reads that travel together are judged each for its own request', async () => {
    const base = memoryStore();
    const together = {
      ...faultyStore(base),
      readMany: (keys: readonly string[]) => Promise.all(keys.map((key) => base.read(key))),
    };
    const { newBrowser } = bound({ base: together });
    const browsers = [newBrowser(), newBrowser(), newBrowser()];
    for (const browser of browsers) await browser.visit(write, from(HOME));
    const visits = browsers.map((browser, at) => browser.begin(from(at === 1 ? AWAY : HOME)));
    const keys = (await Promise.all(visits)).map(({ session }) => session.keys());
    expect(keys).toEqual([['user'], [], ['user']]);
  });

  test('a schema that is asked at once is asked in the context of its own request', async () => {
    const base = memoryStore();
    const readMany = (keys: readonly string[]) => Promise.all(keys.map((key) => base.read(key)));
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const validate = (value: unknown) => {
      seen.push(context.getStore());
      return { value };
    };
    const sessions = createSessions<Data>({
      bind: 'ip',
      store: { ...faultyStore(base), readMany },
      schema: { '~standard': { version: 1, vendor: 'test', validate } },
    });
    const browsers = [new Browser(sessions), new Browser(sessions)];
    for (const browser of browsers) await browser.visit(write, from(HOME));
    await Promise.all(browsers.map((browser, at) => context.run(`request ${at}`, () => browser.begin(from(HOME)))));
    expect(seen).toEqual(['request 0', 'request 1']);
  });
});

describe("without bind: 'ip'", () => {
  test('no address is stored, and any address will do', async () => {
    const { browser, base, heard } = setup();
    await browser.visit(write, from(HOME));
    expect((await dump(base)).map(({ document }) => document).join()).not.toContain(HOME);
    await browser.visit((session) => expect(session.keys()).toEqual(['user']), from(AWAY));
    expect(heard('rejected')).toEqual([]);
  });

  test.each(['basic', 'strong', true, 'IP', null])('bind: %j is refused', (bind) => {
    expect(() => setup({ bind: bind as never })).toThrow(/bind must be/);
  });
});

describe('a sealed session', () => {
  const sealed = (options: Parameters<typeof sealedSetup>[0] = {}) => sealedSetup({ bind: 'ip', ...options });

  test('has its place inside the seal, and is empty elsewhere', async () => {
    const { browser, heard } = sealed();
    await browser.visit(write, from(HOME));
    const cookie = browser.cookie;
    await browser.visit((session) => expect(session.keys()).toEqual(['user']), from(HOME));
    const { setCookie } = await browser.visit((session) => expect(session.keys()).toEqual([]), from(AWAY));
    expect(setCookie).toEqual([]);
    expect(heard('rejected')).toMatchObject([{ reason: 'address', address: AWAY, handle: expect.any(String) }]);
    await browser.visit((session) => session.set('n', 1), from(AWAY));
    expect(browser.cookie).not.toBe(cookie);
    await browser.visit((session) => expect(session.keys()).toEqual(['n']), from(AWAY));
  });

  test.each(['denylist', 'epoch'] as const)('is revoked with %s', async (revocation) => {
    const { browser } = sealed({ secret: SECRET, revocation, store: memoryStore(), ownerOf: (data) => data.user });
    await browser.visit(write, from(HOME));
    const stolen = browser.clone();
    await stolen.visit(() => undefined, from(AWAY));
    await browser.visit((session) => expect(session.keys()).toEqual([]), from(HOME));
  });
});

describe('the warning of a proxy that nobody trusts', () => {
  afterEach(() => vi.restoreAllMocks());

  const warnings: [what: string, options: object, request: Partial<SessionRequest>, warned: boolean][] = [
    ['a peer far away, who may have written it', {}, { ...via(HOME), address: AWAY }, false],
    ['no header', {}, from('10.0.0.1'), false],
    ['a proxy that is trusted', { trustProxy: 1 }, via(HOME), false],
    ['no binding', { bind: 'none' }, via(HOME), false],
    ['a header from a peer nearby', {}, via(HOME), true],
  ];

  test('comes once, where a peer nearby sends forwarded headers', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const told = () =>
      warn.mock.calls.filter(([, options]) => (options as any)?.code === 'COATCHECK_BIND_BEHIND_PROXY');
    for (const [what, options, request, warned] of warnings) {
      const { browser } = setup({ bind: 'ip', ...options });
      await browser.visit(write, request);
      expect(told().length, what).toBe(warned ? 1 : 0);
    }
    await setup({ bind: 'ip' }).browser.visit(write, via(HOME));
    expect(told()).toHaveLength(1);
  });
});
