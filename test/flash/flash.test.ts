import { describe, expect, test } from 'vitest';
import { FLASH_KEYS, type FlashedOptions, flash, flashFor, getFlashedMessages } from '../../src/flash/index.ts';
import { session as ambient, Markup, Tuple } from '../../src/index.ts';
import { runWith } from '../../src/session/ambient.ts';
import { nullSession } from '../../src/session/null-session.ts';
import { codeOf, dump, sealedSetup, setup } from '../interface/harness.ts';

type Options = FlashedOptions;

/** A request with the imported functions. */
function on({ browser }: Pick<ReturnType<typeof setup>, 'browser'>) {
  const within =
    <T>(act: () => T) =>
    (session: object) =>
      runWith(session, act);
  return {
    visit: (act: () => unknown, method = 'GET') => browser.visit(within(act), { method }),
    async read(options?: Options, method = 'GET'): Promise<unknown> {
      let found: unknown;
      await browser.visit(
        within(() => {
          found = getFlashedMessages(options);
        }),
        { method },
      );
      return found;
    },
  };
}

const kinds = [
  ['in a store', setup],
  ['sealed into the cookie', () => ({ ...sealedSetup(), store: undefined })],
] as const;

describe.each(kinds)('flash messages %s', (_, make) => {
  test('arrive with the next request, in their order, and once', async () => {
    const { visit, read } = on(make());
    await visit(() => {
      flash('one');
      flash('two', 'error');
      flash('one');
    });
    expect(await read()).toEqual(['one', 'two', 'one']);
    expect(await read()).toEqual([]);
  });

  test('stay the same for every call of the request that shows them', async () => {
    const { visit, read } = on(make());
    await visit(() => flash('one'));
    await visit(() => {
      const first = getFlashedMessages();
      expect(first).toEqual(['one']);
      first.push('edited by a view');
      expect(getFlashedMessages()).toEqual(['one']);
      expect(getFlashedMessages({ withCategories: true })).toEqual([['message', 'one']]);
    });
    expect(await read()).toEqual([]);
  });

  test('that are flashed and shown in one request are away, and those flashed after that wait', async () => {
    const { visit, read } = on(make());
    await visit(() => {
      flash('now');
      expect(getFlashedMessages()).toEqual(['now']);
      flash('later');
      expect(getFlashedMessages()).toEqual(['now']);
    });
    expect(await read()).toEqual(['later']);
    expect(await read()).toEqual([]);
  });

  test('are all away, also those that a filter hid', async () => {
    const { visit, read } = on(make());
    await visit(() => {
      flash('a', 'info');
      flash('b', 'error');
      flash('c', 'info');
    });
    await visit(() => {
      expect(getFlashedMessages({ categoryFilter: ['error'] })).toEqual(['b']);
      expect(getFlashedMessages({ categoryFilter: ['info', 'none'], withCategories: true })).toEqual([
        ['info', 'a'],
        ['info', 'c'],
      ]);
      expect(getFlashedMessages({ categoryFilter: [] })).toEqual(['a', 'b', 'c']);
      // A text filters by what occurs in it, as in Flask.
      expect(getFlashedMessages({ categoryFilter: 'errors' })).toEqual(['b']);
      expect(getFlashedMessages({ categoryFilter: '' })).toHaveLength(3);
    });
    expect(await read()).toEqual([]);
  });

  test('are not taken away by HEAD, whose page nobody sees', async () => {
    const { visit, read } = on(make());
    await visit(() => flash('one'));
    expect(await read({}, 'HEAD')).toEqual(['one']);
    expect(await read({}, 'HEAD')).toEqual(['one']);
    expect(await read()).toEqual(['one']);
  });

  test('are text and nothing else, whatever they look like', async () => {
    const { visit, read } = on(make());
    const texts = ['<script>alert(1)</script>', '\0\r\n\u2028', '{"$ne":null}', '\ud800', ' t', 'ä€😀', ''];
    await visit(() => {
      for (const text of texts) flash(text, text);
    });
    expect(await read({ withCategories: true })).toEqual(texts.map((text) => [text, text]));
  });

  test('leave a session that holds nothing else as if it had never been', async () => {
    const setting = make();
    const { visit, read } = on(setting);
    const none = await visit(() => expect(getFlashedMessages()).toEqual([]));
    expect(none).toEqual({ setCookie: [], looked: true });
    await visit(() => flash('one'));
    expect(setting.browser.cookie).toBeDefined();
    await read();
    expect(setting.browser.cookie).toBeUndefined();
    expect(await setting.browser.read((session) => session.keys())).toEqual([]);
  });

  test('push out the oldest where more than 20 wait, and event lost tells each', async () => {
    const setting = make();
    const { visit, read } = on(setting);
    await visit(() => {
      for (let n = 1; n <= 20; n++) flash(`${n}`);
    });
    expect(setting.heard('lost')).toEqual([]);
    await visit(() => {
      flash('21');
      flash('22');
    });
    expect(setting.heard('lost')).toMatchObject([{ keys: ['_flashes'] }, { keys: ['_flashes'] }]);
    expect(await read()).toEqual(Array.from({ length: 20 }, (_, n) => `${n + 3}`));
    expect(setting.heard('lost')).toHaveLength(2);
  });
});

describe('flash messages', () => {
  test('push out the oldest where more than 4096 bytes wait, and one that is larger by itself is an error', async () => {
    const setting = setup();
    const { visit, read } = on(setting);
    await visit(() => flash('x'.repeat(2000), ''));
    await visit(() => flash('ä'.repeat(1048), ''));
    expect(setting.heard('lost')).toHaveLength(0);
    await visit(() => flash('z', ''));
    expect(setting.heard('lost')).toHaveLength(1);
    expect(await read()).toEqual(['ä'.repeat(1048), 'z']);
    await visit(() => {
      flash('ä'.repeat(2044), '12345678');
      expect(() => flash('ä'.repeat(2045), '1234567')).toThrow(
        expect.objectContaining({ code: 'SESSION_TOO_LARGE', status: 413 }),
      );
    });
    expect(await read()).toHaveLength(1);
  });

  test('are kept as Flask keeps them, and those of Flask are read', async () => {
    const { browser, store } = setup();
    await browser.visit((session) => {
      session.set('_flashes', [
        Tuple.of('info', 'a tuple'),
        ['error', 'a list'],
        Tuple.from<unknown>(['m', new Markup('<b>x</b>')]),
        7,
      ]);
      flashFor(session).flash('ours');
    });
    const [{ document = '' } = {}] = await dump(store);
    expect(document).toContain('{" t":["message","ours"]}');
    await browser.visit((session) => {
      const { getFlashedMessages } = flashFor(session);
      expect(getFlashedMessages({ withCategories: true })).toEqual([
        ['info', 'a tuple'],
        ['error', 'a list'],
        ['m', '<b>x</b>'],
        ['message', 'ours'],
      ]);
    });
    expect(await browser.read((session) => session.keys())).toEqual([]);
  });

  test('of a session in one’s hands need no ambient session', async () => {
    const { browser } = setup({ ambient: false });
    await browser.visit((session) => flashFor(session).flash('one', 'info'));
    expect(await browser.read((session) => flashFor(session).getFlashedMessages({ withCategories: true }))).toEqual([
      ['info', 'one'],
    ]);
    await browser.visit((session) => runWith(session, () => flashFor(ambient).flash('by the imported session')));
    expect(await browser.read((session) => flashFor(session).getFlashedMessages())).toHaveLength(1);
  });

  test('come along with a rotation that names their keys, also those not stored yet', async () => {
    const { browser } = setup();
    await browser.visit((session) => flashFor(session).flash('stored'));
    await browser.visit(async (session) => {
      session.set('cart', ['tea']);
      flashFor(session).flash('before');
      await session.regenerate({ keep: FLASH_KEYS });
      flashFor(session).flash('after');
    });
    expect(await browser.read((session) => session.has('cart'))).toBe(false);
    const shown = await browser.read((session) => flashFor(session).getFlashedMessages());
    expect(shown).toEqual(['stored', 'before', 'after']);
  });

  test('after a logout wait in a session of their own', async () => {
    const { browser } = setup();
    await browser.visit((session) => {
      session.set('user', 'ann');
      flashFor(session).flash('not seen');
    });
    await browser.visit(async (session) => {
      flashFor(session).flash('not seen either');
      await session.destroy();
      flashFor(session).flash('Bye.');
    });
    expect(await browser.read((session) => session.has('user'))).toBe(false);
    expect(await browser.read((session) => flashFor(session).getFlashedMessages())).toEqual(['Bye.']);
    expect(await browser.read((session) => session.keys())).toEqual([]);
  });

  test('are counted right where a request saves in its middle, and where it reads itself again', async () => {
    const { browser } = setup();
    await browser.visit(async (session) => {
      const { flash, getFlashedMessages } = flashFor(session);
      session.set('cart', []);
      flash('saved');
      await session.save();
      flash('dropped');
      await session.reload();
      flash('kept');
      expect(getFlashedMessages()).toEqual(['saved', 'kept']);
      flash('later');
    });
    expect(await browser.read((session) => flashFor(session).getFlashedMessages())).toEqual(['later']);
    expect(await browser.read((session) => session.keys())).toEqual(['cart']);
  });

  test('that could not be stored with a failing commit are shown again with the next page', async () => {
    const { browser, store } = setup();
    await browser.visit((session) => {
      session.set('cart', []);
      flashFor(session).flash('one');
    });
    store.always('update', 'break');
    const failed = await browser.visit((session) => expect(flashFor(session).getFlashedMessages()).toEqual(['one']));
    expect(failed.error).toBeDefined();
    store.always('update', undefined);
    expect(await browser.read((session) => flashFor(session).getFlashedMessages())).toEqual(['one']);
  });

  test('cannot be where there is no session, and reading none is allowed', () => {
    expect(() => flash('one')).toThrow(expect.objectContaining({ code: 'SESSION_OUTSIDE_REQUEST' }));
    expect(() => getFlashedMessages()).toThrow(expect.objectContaining({ code: 'SESSION_OUTSIDE_REQUEST' }));
    expect(flashFor(nullSession).getFlashedMessages()).toEqual([]);
    expect(() => flashFor(nullSession).flash('one')).toThrow(expect.objectContaining({ code: 'SESSION_UNAVAILABLE' }));
    expect(() => flashFor({})).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test('refuse what is no text, and options that do not exist', async () => {
    const { browser } = setup();
    await browser.visit((session) => {
      const one = flashFor(session);
      for (const wrong of [undefined, null, 7, { $ne: null }, ['a'], new Markup('a')]) {
        expect(codeOf(caught(() => one.flash(wrong as never)))).toBe('USAGE');
        if (wrong !== undefined) expect(codeOf(caught(() => one.flash('a', wrong as never)))).toBe('USAGE');
      }
      expect(codeOf(caught(() => one.getFlashedMessages({ with_categories: true } as never)))).toBe('OPTION_UNKNOWN');
      expect(codeOf(caught(() => one.getFlashedMessages({ withCategories: 1 } as never)))).toBe('OPTION_INVALID');
      expect(codeOf(caught(() => one.getFlashedMessages({ categoryFilter: [1] } as never)))).toBe('OPTION_INVALID');
    });
    expect(browser.cookie).toBeUndefined();
  });

  test('are none on the page that says that the store is down, and flashing there fails with the store', async () => {
    const { browser, store } = setup();
    await browser.visit((session) => flashFor(session).flash('one'));
    store.always('read', 'break');
    const visit = await browser.begin();
    const one = flashFor(visit.session);
    expect(one.getFlashedMessages()).toEqual([]);
    expect(codeOf(caught(() => one.flash('two')))).toBe('STORE_FAILED');
  });
});

describe('overlapping requests', () => {
  test('lose no message that is flashed while another page shows some', async () => {
    const { browser } = setup();
    await browser.visit((session) => {
      session.user_name = 'ann';
      flashFor(session).flash('same');
    });
    const reader = await browser.begin();
    const writer = await browser.begin();
    expect(flashFor(reader.session).getFlashedMessages()).toEqual(['same']);
    flashFor(writer.session).flash('same');
    await writer.end();
    await reader.end();
    expect(await browser.read((session) => flashFor(session).getFlashedMessages())).toEqual(['same']);
    expect(await browser.read((session) => flashFor(session).getFlashedMessages())).toEqual([]);
  });

  test('tell two messages of one text apart, also where the first had been shown to two pages', async () => {
    const { browser, heard } = setup();
    await browser.visit((session) => {
      session.user_name = 'ann';
      flashFor(session).flash('same');
    });
    const [one, two] = [await browser.begin(), await browser.begin()];
    expect(flashFor(one.session).getFlashedMessages()).toEqual(['same']);
    expect(flashFor(two.session).getFlashedMessages()).toEqual(['same']);
    await one.end();
    await browser.visit((session) => flashFor(session).flash('same'));
    await two.end();
    expect(heard('conflict').length).toBeGreaterThan(0);
    expect(await browser.read((session) => flashFor(session).getFlashedMessages())).toEqual(['same']);
  });

  test('push out at the bound what a slower page had shown, and nothing else goes with it', async () => {
    const { browser, heard } = setup();
    await browser.visit((session) => {
      session.user_name = 'ann';
      for (let n = 1; n <= 18; n++) flashFor(session).flash(`${n}`);
    });
    const reader = await browser.begin();
    expect(flashFor(reader.session).getFlashedMessages()).toHaveLength(18);
    const writers = await Promise.all(Array.from({ length: 4 }, () => browser.begin()));
    for (const [n, { session }] of writers.entries()) flashFor(session).flash(`new ${n}`);
    for (const writer of writers) await writer.end();
    expect(heard('lost')).toHaveLength(2);
    await reader.end();
    expect(await browser.read((session) => flashFor(session).getFlashedMessages())).toEqual([
      'new 0',
      'new 1',
      'new 2',
      'new 3',
    ]);
  });

  test.each([[0], [1], [2], [3], [4], [5]])('keep their messages in whatever order they commit (%i)', async (order) => {
    const { browser } = setup();
    await browser.visit((session) => {
      session.user_name = 'ann';
      flashFor(session).flash('first');
    });
    const visits = [await browser.begin(), await browser.begin(), await browser.begin()];
    const seen: string[] = [];
    const [reader, both, writer] = visits as [(typeof visits)[0], (typeof visits)[0], (typeof visits)[0]];
    seen.push(...flashFor(reader.session).getFlashedMessages());
    flashFor(both.session).flash('before');
    seen.push(...flashFor(both.session).getFlashedMessages());
    flashFor(both.session).flash('after');
    flashFor(writer.session).flash('writer');
    for (const at of ORDERS[order] ?? []) await visits[at]?.end();
    seen.push(...(await browser.read((session) => flashFor(session).getFlashedMessages())));
    // What two pages showed at the same moment is shown twice; nothing else is, and nothing is missing.
    expect(seen.sort()).toEqual(['after', 'before', 'first', 'first', 'writer']);
    expect(await browser.read((session) => session.keys())).toEqual(['user_name']);
  });
});

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

function caught(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}
