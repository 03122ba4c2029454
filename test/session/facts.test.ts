import type { Session } from 'coatcheck';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keyOf } from '../../src/keys/ids.ts';
import { fresh, rejection, setup } from './helpers.ts';

const HOUR = 3_600_000;

describe('facts', () => {
  test('of a session that has no record yet', async () => {
    const session = await fresh();
    const { handle, isNew, modified, permanent, createdAt, expiresAt } = session;
    expect({ handle, isNew, modified, permanent, createdAt, expiresAt }).toEqual({
      handle: undefined,
      isNew: true,
      modified: false,
      permanent: false,
      createdAt: undefined,
      expiresAt: undefined,
    });
  });

  test('of a stored session', async () => {
    const { browser, clock } = setup();
    const start = clock.now();
    await browser.visit((session) => session.set('a', 1));
    clock.tick('30m');
    const { session } = await browser.begin();
    expect(session.isNew).toBe(false);
    expect(session.createdAt).toEqual(new Date(start));
    expect(session.expiresAt).toEqual(new Date(start + HOUR));
    expect(session.handle).toMatch(/^[\w-]{22}$/);
  });

  test('isNew is about the beginning of the request: saving does not end it', async () => {
    const { browser } = setup();
    await browser.visit(async (session) => {
      session.a = 1;
      await session.save();
      expect([session.isNew, session.modified, typeof session.handle]).toEqual([true, false, 'string']);
    });
    await browser.visit(async (session) => {
      expect(session.isNew).toBe(false);
      await session.regenerate({ keep: true });
      await session.save();
      expect(session.isNew).toBe(false);
      await session.destroy();
      expect([session.isNew, session.handle]).toEqual([true, undefined]);
    });
  });

  test('accessed tells whether a handler looked, and asking is no look', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('a', 1));
    const { session } = await browser.begin();
    expect([session.accessed, session.accessed]).toEqual([false, false]);
    void session.a;
    expect(session.accessed).toBe(true);
  });

  test('modified tells of sets, deletes, nested edits and endings', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.assign({ a: 1, cart: { items: [] } }));
    const acts: ((session: Session) => unknown)[] = [
      (session) => session.set('a', 2),
      (session) => session.delete('a'),
      (session) => session.cart.items.push(1),
      (session) => session.clear(),
      (session) => session.destroy(),
      (session) => session.regenerate(),
      (session) => Object.assign(session, { permanent: true }),
    ];
    for (const act of acts) {
      const { session } = await browser.begin();
      expect(session.modified).toBe(false);
      act(session);
      expect(session.modified).toBe(true);
    }
  });

  test('permanent is stored and changes how long the session lives', async () => {
    const { browser, clock } = setup();
    const changes = await browser.visit((session) => {
      session.user = 'ann';
      session.permanent = true;
    });
    expect(changes.setCookie[0]).toMatch(/Expires=/);
    clock.tick('2d');
    await browser.visit((session) => expect([session.permanent, session.user]).toEqual([true, 'ann']));
  });

  test('facts but permanent cannot be written', async () => {
    const session = await fresh();
    expect(() => Object.assign(session, { isNew: false })).toThrow(expect.objectContaining({ code: 'KEY_RESERVED' }));
  });

  test('the handle is the same in every request, changes with the id, and leads to neither key nor ticket', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('a', 1));
    const handles: (string | undefined)[] = [];
    const secrets: string[] = [];
    const note = () => {
      const ticket = browser.cookie?.split('=')[1] ?? '';
      secrets.push(ticket, keyOf(ticket));
    };
    note();
    await browser.visit((session) => handles.push(session.handle));
    await browser.visit(async (session) => {
      handles.push(session.handle);
      await session.regenerate({ keep: true });
    });
    note();
    await browser.visit((session) => handles.push(session.handle));
    const [first = '', again, rotated = ''] = handles;
    expect(again).toBe(first);
    expect(rotated).not.toBe(first);
    for (const secret of secrets) {
      for (const handle of [first, rotated]) {
        const forms = [handle, Buffer.from(handle, 'base64url').toString('hex'), Buffer.from(handle).toString('hex')];
        for (const form of forms) expect(secret).not.toContain(form);
        expect(handle).not.toContain(secret.slice(0, 8));
      }
    }
  });

  test('nothing that a handler can reach holds the ticket', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('a', 1));
    const ticket = browser.cookie?.split('=')[1] ?? '';
    const { session } = await browser.begin();
    expect(session.id).toBeUndefined();
    const seen = JSON.stringify([session, { ...session }, session.entries(), session.handle, String(session)]);
    expect(seen).not.toContain(ticket);
  });
});

describe('habits of other libraries', () => {
  const warned: string[] = [];

  beforeEach(() => {
    warned.length = 0;
    vi.spyOn(process, 'emitWarning').mockImplementation((_message: unknown, options: unknown) => {
      warned.push((options as { code: string }).code);
    });
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('get one hint a process each', async () => {
    vi.resetModules();
    const { dictionary } = await import('../../src/session/dictionary.ts');
    const { RequestSession } = await import('../../src/session/request-session.ts');
    const session = dictionary<object>(new RequestSession({} as never, { kind: 'none' })) as Session;
    for (const name of ['id', 'cookie', 'touch', 'resetMaxAge', 'sessionID', 'hasOwnProperty', 'nothing special']) {
      expect([session[name], session[name]]).toEqual([undefined, undefined]);
    }
    expect(warned).toEqual([
      'COATCHECK_HINT_ID',
      'COATCHECK_HINT_COOKIE',
      'COATCHECK_HINT_TOUCH',
      'COATCHECK_HINT_RESETMAXAGE',
      'COATCHECK_HINT_SESSIONID',
      'COATCHECK_HINT_HASOWNPROPERTY',
    ]);
  });

  test('get none where the name is the application’s own key', async () => {
    vi.resetModules();
    const session = await fresh();
    session.id = 7;
    expect([session.id, warned]).toEqual([7, []]);
  });
});

describe('a read-only session, because the store failed', () => {
  test('reads empty and refuses every change', async () => {
    const { browser, fail } = setup({ onStoreError: 'anonymous' });
    await browser.visit((session) => session.set('a', 1));
    fail('read', new TypeError('no connection'));
    const { session } = await browser.begin();
    expect([session.a, session.keys()]).toEqual([undefined, []]);
    for (const act of [() => session.set('a', 1), () => session.clear(), () => session.update('a', () => 1)]) {
      expect(act).toThrow(expect.objectContaining({ code: 'SESSION_READ_ONLY', status: 503 }));
    }
    expect(await rejection(session.take('a'))).toBe('SESSION_READ_ONLY');
  });
});
