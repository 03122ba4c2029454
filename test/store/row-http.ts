import express from 'express';
import { expect, test } from 'vitest';
import { expressSessions } from '../../src/http/express.ts';
import { createSessions } from '../../src/index.ts';
import { keyOf } from '../../src/keys/ids.ts';
import type { Store } from '../../src/store/contract.ts';
import { browse } from '../docs/blocks.ts';

/** What stands at the back end under this name: the row, and for how many seconds it will. */
export type Raw = (name: string) => Promise<{ readonly row: any; readonly seconds: number }>;

/** A promise that somebody else fulfils. */
function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** A server that can be stopped in its tracks. */
interface Pausable {
  pause(): void;
  resume(): void;
}

/** An express application on the store, over HTTP. */
export function overHttp(name: string, open: () => Store, raw: Raw, server?: Pausable): void {
  test(`${name}, over HTTP: no overlapping change is lost, a logout is not undone, and rows have express-session's shape`, async () => {
    let [slow, begun] = [gate(), gate()];
    const sessions = createSessions<Record<string, any>>({ store: open(), lifetime: { idle: '1h', absolute: '2h' } });
    const app = express();
    app.use(expressSessions(sessions));
    app.get('/in', (req, res) => {
      req.session.user = 'ann';
      req.session.bytes = Uint8Array.of(0, 255);
      res.send('in');
    });
    app.get('/count', (req, res) => {
      req.session.update('n', (n: any = 0) => n + 1);
      res.send('ok');
    });
    app.get('/slow', async (req, res) => {
      req.session.get('user');
      begun.open();
      await slow.opened;
      req.session.slow = true;
      res.send('slow');
    });
    app.get('/new', async (req, res) => {
      await req.session.regenerate({ keep: ['user', 'n', 'bytes'] });
      res.send('new');
    });
    app.get('/out', async (req, res) => {
      await req.session.destroy();
      res.send('out');
    });
    app.get('/', (req, res) => {
      res.json({ user: req.session.user, n: req.session.n, slow: req.session.slow });
    });
    const idOf = (cookies: readonly string[]): string => /=([^;]+)/.exec(cookies[0] ?? '')?.[1] ?? '';

    await browse(app, async (visit) => {
      const look = async () => JSON.parse((await visit('/')).text) as unknown;
      const key = keyOf(idOf((await visit('/in')).cookies));
      const late = visit('/slow');
      await begun.opened;
      const counted = await Promise.all(Array.from({ length: 12 }, () => visit('/count')));
      expect(counted.map(({ text }) => text)).toEqual(Array.from({ length: 12 }, () => 'ok'));
      slow.open();
      await late;
      expect(await look()).toEqual({ user: 'ann', n: 12, slow: true });

      const { row, seconds } = await raw(key);
      expect(row).toMatchObject({
        cookie: { expires: expect.anything(), httpOnly: true, path: '/' },
        user: 'ann',
        n: 12,
        bytes: { ' b': 'AP8=' },
        coatcheck: { key, version: expect.any(String), expiresAt: expect.any(Number), meta: { format: 1 } },
      });
      expect(Object.keys(row).filter((member) => member !== '__lastAccess')).toHaveLength(6);
      // An hour, and the minute more.
      expect(Math.abs(seconds - 3660)).toBeLessThan(15);

      const renewed = keyOf(idOf((await visit('/new')).cookies));
      expect(renewed).not.toBe(key);
      expect(await look()).toEqual({ user: 'ann', n: 12 });
      expect((await raw(key)).row).toMatchObject({ coatcheck: { text: expect.stringContaining('~closed') } });
      expect((await raw(key)).seconds).toBeLessThan(130);

      [slow, begun] = [gate(), gate()];
      const slower = visit('/slow');
      await begun.opened;
      expect((await visit('/out')).text).toBe('out');
      slow.open();
      expect((await slower).cookies).toEqual([]);
      expect(await look()).toEqual({});
      expect((await raw(renewed)).row).toMatchObject({ coatcheck: { text: expect.stringContaining('~closed') } });
    });
    await sessions.close();
  });

  if (server === undefined) return;
  test(`${name}, over HTTP: a server that says nothing is a 503, and nobody is logged out`, async () => {
    const sessions = createSessions<Record<string, any>>({ store: open(), deadline: '300ms' });
    const app = express();
    app.use(expressSessions(sessions));
    app.get('/', (req, res) => {
      req.session.setDefault('user', 'ann');
      res.send(req.session.user);
    });
    await browse(app, async (visit) => {
      await visit('/');
      server.pause();
      try {
        // The signal may come after an answer that was under way.
        await expect.poll(() => visit('/'), { timeout: 10_000 }).toMatchObject({ status: 503, cookies: [] });
      } finally {
        server.resume();
      }
      await expect.poll(async () => (await visit('/')).text, { timeout: 10_000 }).toBe('ann');
    });
    await sessions.close();
  });
}
