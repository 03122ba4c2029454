import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { SESSION_EVENT_TYPES } from '../../src/events.ts';
import { createCookieSessions, createSessions, session } from '../../src/index.ts';
import type { Session } from '../../src/session/types.ts';
import { CookieJar, sessionTransaction, withSession } from '../../src/testing/index.ts';
import { block, browseFetch, pageBlocks, root, run } from './blocks.ts';

const PAGE = 'docs/sessions.md';
const text = readFileSync(join(root, PAGE), 'utf8');

/** The first cells of the table under a heading. */
function firstCells(heading: string): string[] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell = '']) => cell);
}

/** What each block must do. */
const CHECKS: Readonly<Record<string, () => Promise<void>>> = {
  'Keys and values': async () => {
    const { visit } = await run(block(PAGE, 'Keys and values'));
    const { data } = await withSession({ draft: 'x' }, () => {
      visit('tea');
      visit('milk');
    });
    expect(data).toEqual({
      cart: { items: ['tea', 'milk'] },
      lastSeen: expect.any(Date),
      seen: new Set(['tea', 'milk']),
      theme: 'dark',
    });
  },
  update: async () => {
    const { count } = await run(block(PAGE, 'update'));
    expect((await withSession({ visits: 1 }, count)).data).toEqual({ visits: 2 });
  },
  Acts: async () => {
    const { logIn, logOut } = await run(block(PAGE, 'Acts'));
    expect((await withSession({ cart: [1], other: 1 }, () => logIn('ann'))).data).toEqual({ cart: [1], user: 'ann' });
    expect((await withSession({ user: 'ann' }, logOut)).data).toEqual({});
  },
  Lifetimes: async () => {
    const { sessions } = await run(block(PAGE, 'Lifetimes'));
    const jar = new CookieJar();
    await sessionTransaction(sessions, jar, (s: Session) => s.set('n', 1));
    const ends = await sessionTransaction(sessions, jar, (s: Session) => s.expiresAt?.getTime() ?? 0);
    expect(Math.round((ends - Date.now()) / 60_000)).toBe(30);
  },
  'Lazy loading': async () => {
    const { handler } = await run(block(PAGE, 'Lazy loading'));
    const visit = browseFetch(handler);
    expect((await visit('/health')).text).toBe('ok');
    expect((await visit('/')).text).toBe('nobody');
  },
  'Static paths': async () => {
    const { sessions, byFunction } = await run(block(PAGE, 'Static paths'));
    const open = (of: { open(request: object): unknown }, path: string) =>
      of.open({ method: 'GET', path, cookie: undefined, header: () => undefined, address: undefined, secure: true });
    expect(open(sessions, '/assets/a.css')).toBeUndefined();
    expect(open(sessions, '/static/a.css')).toBeDefined();
    expect(open(byFunction, '/any/a.css')).toBeUndefined();
    expect(open(byFunction, '/any/')).toBeDefined();
  },
  'Codecs and tags': async () => {
    const { sessions, Money } = await run(block(PAGE, 'Codecs and tags'));
    const jar = new CookieJar();
    await sessionTransaction(sessions, jar, (s: Session) => s.set('paid', new Money(250)));
    const paid = await sessionTransaction(sessions, jar, (s: Session) => s.paid);
    expect(paid).toEqual(new Money(250));
    expect(paid).toBeInstanceOf(Money);
  },
  'Codecs and tags 2': async () => {
    const { sessions } = await run(block(PAGE, 'Codecs and tags 2'));
    const jar = new CookieJar();
    await sessionTransaction(sessions, jar, (s: Session) => s.set('n', [1]));
    expect(await sessionTransaction(sessions, jar, (s: Session) => s.n)).toEqual([1]);
  },
  Owners: async () => {
    const { sessions, devices, logOutElsewhere } = await run(block(PAGE, 'Owners'));
    const handles: string[] = [];
    for (let n = 0; n < 3; n++) {
      const jar = new CookieJar();
      await sessionTransaction(sessions, jar, (s: Session) => s.set('user', 'ann'));
      handles.push(await sessionTransaction(sessions, jar, (s: Session) => s.handle ?? ''));
    }
    expect(await devices('ann')).toHaveLength(3);
    expect(await logOutElsewhere('ann', handles[1])).toBe(2);
    expect((await devices('ann'))[0]).toContain(handles[1]);
  },
  Records: async () => {
    const { tryCode } = await run(block(PAGE, 'Records'));
    expect(await Promise.all([1, 2, 3].map(() => tryCode('ann@example.com')))).toContain(3);
    expect(await tryCode('ann@example.com')).toBe(4);
  },
  'The direct interface': async () => {
    const { quoteOfTheDay } = await run(block(PAGE, 'The direct interface'));
    const fetched = vi.fn(() => Promise.resolve('a'));
    expect([await quoteOfTheDay(fetched), await quoteOfTheDay(fetched)]).toEqual(['a', 'a']);
    expect(fetched).toHaveBeenCalledTimes(1);
  },
  'An interface of your own': async () => {
    const { handler } = await run(block(PAGE, 'An interface of your own'));
    const { text: body, cookies } = await browseFetch(handler)('/');
    expect(body).toBe('ok');
    expect(cookies).toEqual([`plain=${encodeURIComponent('{"user":"ann"}')}; Path=/; SameSite=Lax`]);
  },
};

test.each(Object.entries(CHECKS))('docs/sessions.md: %s', async (_name, check) => {
  await check();
});

test('every block of docs/sessions.md is run', () => {
  const names = pageBlocks(PAGE).flatMap(({ language, name }) => (language === 'ts' ? [name] : []));
  expect(names.sort()).toEqual(Object.keys(CHECKS).sort());
});

describe('the tables of docs/sessions.md', () => {
  test('list every event', () => {
    expect(firstCells('Events')).toEqual([...SESSION_EVENT_TYPES]);
  });

  /** The options, as the error for a wrong one lists them. */
  function optionsOf(create: (options: object) => unknown): string[] {
    try {
      create({ nonsense: 1 });
    } catch (error) {
      return /The options are (.*)\.$/.exec((error as Error).message)?.[1]?.split(', ') ?? [];
    }
    return [];
  }

  test('list every option of createSessions', () => {
    expect(firstCells('Options of `createSessions`').sort()).toEqual(optionsOf((options) => createSessions(options)));
  });

  test('list every option of createCookieSessions', () => {
    const section = text.split('## Options of `createCookieSessions`')[1] ?? '';
    const common = [...(section.split(' as above')[0] ?? '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
    const all = [...common, ...firstCells('Options of `createCookieSessions`')];
    expect(all.sort()).toEqual(optionsOf((options) => createCookieSessions(options as never)));
  });

  test('list every option of the cookie', () => {
    expect(firstCells('The cookie').sort()).toEqual(optionsOf((cookie) => createSessions({ cookie })).sort());
  });

  test('name every member of a session', async () => {
    const members = [
      ...['get', 'set', 'has', 'delete', 'pop', 'setDefault', 'update', 'assign', 'clear', 'keys', 'entries', 'toJSON'],
      ...['take', 'load', 'save', 'reload', 'regenerate', 'destroy'],
      ...['handle', 'isNew', 'accessed', 'modified', 'permanent', 'createdAt', 'expiresAt'],
    ];
    await withSession({}, () => {
      for (const member of members) {
        if (member !== 'permanent') expect(() => Object.assign(session, { [member]: 1 }), member).toThrow('belongs to');
        expect(text, member).toMatch(new RegExp(`[\`.| ]${member}[(\`, ]`));
      }
    });
  });
});

describe('values, as docs/sessions.md tells', () => {
  test('come back as they were', async () => {
    const values = {
      date: new Date(1),
      map: new Map([[1, { a: 1 }]]),
      set: new Set(['a']),
      big: 2n ** 70n,
      url: new URL('https://example.com/a'),
      bytes: new Uint8Array([1, 2]),
      nan: Number.NaN,
      infinity: Number.POSITIVE_INFINITY,
    };
    expect((await withSession(values, () => undefined)).data).toEqual(values);
  });

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a promise', Promise.resolve(1)],
    ['an instance of a class', new (class Own {})()],
  ])('%s is refused when it is set', async (_what, value) => {
    await withSession({}, () => {
      expect(() => session.set('key', { at: value })).toThrow(expect.objectContaining({ code: 'VALUE_UNSUPPORTED' }));
    });
  });
});
