import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Codec } from '../../src/codec/contract.ts';
import { sessionsFromEnv } from '../../src/env/index.ts';
import { nodeSessions } from '../../src/http/node.ts';
import { createSessions, type Session, type SessionEvent, type SessionsOptions } from '../../src/index.ts';
import { newId } from '../../src/keys/ids.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { openRedis } from '../../src/store/redis.ts';
import { fakeClock, faultyStore } from '../../src/testing/index.ts';
import { redisProgram, startRedis } from '../support/redis.ts';
import { Browser, request } from '../support/visit.ts';
import { block, browse, root, run } from './blocks.ts';

const PAGE = 'docs/from-flask.md';
type Data = Record<string, any>;

function setup(options: SessionsOptions<Data> = {}) {
  const events: SessionEvent[] = [];
  const store = faultyStore(memoryStore());
  const sessions = createSessions<Data>({ store, sweep: false, onEvent: (event) => events.push(event), ...options });
  return { sessions, store, events, browser: new Browser<Session<Data>>(sessions) };
}

/** A request that a proxy passed on. */
const via = (list: string) => ({
  address: '10.0.0.1',
  header: (name: string) => (name === 'x-forwarded-for' ? list : undefined),
});

async function documentOf(options: SessionsOptions<Data>): Promise<string> {
  const base = memoryStore();
  const { browser } = setup({ store: base, ...options });
  await browser.visit((session) => session.set('n', 1), { address: '198.51.100.7' });
  const page = await base.scan?.(undefined, 10);
  return String((await base.read(page?.entries[0]?.key ?? ''))?.document);
}

/** What holds each row, by how its first cell begins. */
const CHECKS: Readonly<Record<string, () => Promise<void>>> = {
  'the direct interface': async () => {
    const { sessions, browser, store } = setup();
    await browser.visit((session) => session.set('n', 1));
    const key = store.calls.find(({ verb }) => verb === 'create')?.key ?? '';
    await sessions.backend.set('a', { b: [1] }, 60);
    expect(await sessions.backend.get('a')).toEqual({ b: [1] });
    for (const name of [key, `session:${key}`]) {
      expect(await sessions.backend.get(name)).toBeUndefined();
      await sessions.backend.set(name, 'mine');
      expect(await sessions.backend.delete(name)).toBe(true);
    }
    expect(await browser.read((session) => session.n)).toBe(1);
    expect([await sessions.backend.delete('a'), await sessions.backend.delete('a')]).toEqual([true, false]);
  },
  'a falsy `expiry`': async () => {
    const clock = fakeClock();
    const { sessions } = setup({ clock, lifetime: { idle: '30m' } });
    await sessions.backend.set('a', 1);
    clock.tick({ ms: 30 * 60_000 - 1 });
    expect(await sessions.backend.get('a')).toBe(1);
    clock.tick({ ms: 1 });
    expect(await sessions.backend.get('a')).toBeUndefined();
    for (const expiry of [0, -1, Number.NaN, 1.5, null, '60']) {
      await expect(sessions.backend.set('a', 1, expiry as number)).rejects.toMatchObject({ code: 'EXPIRY_INVALID' });
    }
  },
  '`SESSION_PROTECTION`': async () => {
    const { browser, events } = setup({ bind: 'ip' });
    const [home, away] = [{ address: '198.51.100.7' }, { address: '203.0.113.9' }];
    await browser.visit((session) => session.set('user', 'ann'), home);
    await browser.visit((session) => expect(session.keys()).toEqual([]), away);
    await browser.visit((session) => expect(session.keys()).toEqual([]), home);
    expect(events).toContainEqual(expect.objectContaining({ type: 'rejected', reason: 'address' }));
  },
  '`SESSION_REVERSE_PROXY`': async () => {
    const { browser } = setup({ bind: 'ip', trustProxy: 1 });
    await browser.visit((session) => session.set('n', 1), via('198.51.100.7'));
    await browser.visit((session) => expect(session.n).toBe(1), via('6.6.6.6, 198.51.100.7'));
    await browser.visit((session) => expect(session.n).toBeUndefined(), via('198.51.100.7, 203.0.113.9'));
  },
  'the address is stored': async () => {
    expect(await documentOf({})).not.toContain('198.51.100.7');
    expect(await documentOf({ bind: 'ip' })).toContain('198.51.100.7');
  },
  'behind a proxy without': async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { browser } = setup({ bind: 'ip' });
    await browser.visit((session) => session.set('n', 1), via('198.51.100.7'));
    await browser.visit((session) => expect(session.n).toBe(1), via('203.0.113.9'));
    expect(JSON.stringify(warned.mock.calls)).toContain('trustProxy: 1');
  },
  'a made-up session id': async () => {
    const { sessions } = setup();
    const planted = `__Host-session=${newId()}`;
    const browser = new Browser<Session<Data>>(sessions, planted);
    expect((await browser.visit((session) => session.get('n'))).setCookie).toEqual([]);
    await browser.visit((session) => session.set('n', 1));
    expect(browser.cookie).not.toBe(planted);
  },
  '`SESSION_STATIC_FILE`': async () => {
    const { sessions, store } = setup();
    expect(await sessions.open(request(`__Host-session=${newId()}`, { path: '/static/a.css' }))).toBeUndefined();
    expect(store.calls).toEqual([]);
    const listener = nodeSessions(sessions, (req, res) => {
      expect(() => req.session.set('n', 1)).toThrow(expect.objectContaining({ code: 'SESSION_UNAVAILABLE' }));
      res.end('refused');
    });
    await browse(listener, async (visit) => expect((await visit('/static/a.css')).text).toBe('refused'));
  },
  'a serializer of your own': async () => {
    const codec: Codec = {
      encode: (record) => `mine ${JSON.stringify(record)}`,
      decode: (document) => JSON.parse(String(document).slice(5)),
    };
    expect(await documentOf({ codec })).toMatch(/^mine /);
    const { browser } = setup({ codec });
    await browser.visit((session) => session.set('n', 1));
    expect(await browser.read((session) => session.n)).toBe(1);
  },
  'use alone': async () => {
    const clock = fakeClock();
    const { browser } = setup({ clock });
    await browser.visit((session) => session.set('n', 1));
    for (let times = 0; times < 5; times++) {
      clock.tick('50m');
      expect(await browser.read((session) => session.n)).toBe(1);
    }
  },
  'no `Vary`': async () => {
    const listener = nodeSessions(createSessions<Data>(), (req, res) => res.end(req.session.get('n', 'none')));
    await browse(listener, async (visit) => {
      const { headers } = await visit('/');
      expect([headers.get('vary'), headers.get('cache-control')]).toEqual(['Cookie', 'private']);
    });
  },
  '`SESSION_PERMANENT`': async () => {
    const { browser } = setup();
    const first = await browser.visit((session) => session.set('n', 1));
    expect(first.setCookie[0]).not.toContain('Expires');
    const asked = await browser.visit((session) => Object.assign(session, { permanent: true }));
    expect(asked.setCookie[0]).toContain('Expires');
  },
  '`SESSION_TYPE` not set': async () => {
    await expect(sessionsFromEnv({})).rejects.toMatchObject({ code: 'SETTING_INVALID' });
  },
  'a client of your own': async () => {
    await expect(sessionsFromEnv({ SESSION_REDIS: '[object Object]' })).rejects.toThrow('the option store');
    await expect(openRedis({ client: { get() {} } as never })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  },
  'sessions of WebSockets': async () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(Object.keys(exports).join()).not.toMatch(/websocket|upgrade/i);
  },
};

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('docs/from-flask.md, From Quart-Session', () => {
  test('the block counts visits and keeps a value by the direct interface', async () => {
    const { missing } = await redisProgram('redis');
    const redis = missing === undefined ? await startRedis() : undefined;
    try {
      vi.stubEnv('SESSION_TYPE', redis === undefined ? 'memory' : 'redis');
      vi.stubEnv('SESSION_URI', redis?.url ?? '');
      vi.stubEnv('SESSION_PROTECTION', 'true');
      vi.stubEnv('SESSION_REVERSE_PROXY', 'true');
      const { app, sessions } = await run(block(PAGE, 'From Quart-Session'));
      await browse(app, async (visit) => {
        expect((await visit('/', { headers: { 'x-forwarded-for': '198.51.100.7' } })).text).toBe('1');
        expect((await visit('/', { headers: { 'x-forwarded-for': '6.6.6.6, 198.51.100.7' } })).text).toBe('2');
        expect((await visit('/', { headers: { 'x-forwarded-for': '203.0.113.9' } })).text).toBe('1');
      });
      expect(await sessions.backend.get('last')).toBe('someone');
      await sessions.close();
    } finally {
      await redis?.stop();
    }
  });

  const section = readFileSync(join(root, PAGE), 'utf8').split('\n## From Quart-Session\n')[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| (.+?) \| .+ \|$/gm)].map(([, cell = '']) => cell).slice(1);

  test.each(rows)('%s', async (cell) => {
    const [name] = Object.keys(CHECKS).filter((start) => cell.startsWith(start));
    expect(name, 'a check of this row').toBeDefined();
    await CHECKS[name ?? '']?.();
  });

  test('every check has its row', () => {
    const starts = Object.keys(CHECKS).map((start) => rows.filter((cell) => cell.startsWith(start)).length);
    expect(starts).toEqual(starts.map(() => 1));
  });
});
