import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSessions, type SessionEvent } from 'coatcheck';
import { openSqlite } from 'coatcheck/store/sqlite';
import { type FaultyStore, faultyStore } from 'coatcheck/testing';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { schedApp } from '../../examples/sched/app.ts';
import { complaints, launch, missing } from './chromium.ts';
import { SchedServer } from './sched-server.ts';

function gate(): { open: () => void; opened: Promise<void> } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

const ROUNDS = [1, 2, 3];

if (missing !== undefined) {
  console.warn(`SKIPPED: the browser tests of examples/sched, because ${missing}`);
  test.runIf(process.env.CI === 'true')('Chromium is there for the browser tests', () => {
    expect.fail(missing);
  });
}

describe.skipIf(missing !== undefined)(
  `The appointment book in Chromium${missing ? ` (${missing})` : ''}`,
  { timeout: 60_000 },
  () => {
    let folder: string;
    let server: SchedServer;
    let browser: Browser;
    const open: { context: BrowserContext; heard: string[] }[] = [];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'coatcheck-sched-'));
      server = new SchedServer(join(folder, 'sched.db'));
      await server.start();
      browser = await launch();
    });

    afterEach(async () => {
      const all = open.splice(0);
      await Promise.all(all.map(({ context }) => context.close()));
      expect(all.flatMap(({ heard }) => heard)).toEqual([]);
    });

    afterAll(async () => {
      await browser?.close();
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    function watched(context: BrowserContext): BrowserContext {
      open.push({ context, heard: complaints(context) });
      return context;
    }

    let users = 0;

    /** A new user, logged in. */
    async function signUp(context: BrowserContext): Promise<Page> {
      const page = await context.newPage();
      await page.goto('/register');
      await page.getByLabel('Name').fill(`user-${++users}`);
      await page.getByLabel('Password').fill('a coat and a ticket');
      await page.getByRole('button', { name: 'Sign up' }).click();
      await page.getByRole('heading', { name: 'Appointments' }).waitFor();
      return page;
    }

    async function visitor(options: BrowserContextOptions = {}): Promise<Page> {
      return signUp(watched(await browser.newContext({ baseURL: server.origin, ...options })));
    }

    async function fill(page: Page, title: string, date = '2090-03-04'): Promise<void> {
      await page.goto('/new');
      await page.getByLabel('What is it about?').fill(title);
      await page.getByLabel('Day').fill(date);
      await page.getByLabel('Time').fill('09:30');
      await page.getByLabel('Place').fill('Harbour Street');
    }

    async function add(page: Page, title: string, date?: string): Promise<void> {
      await fill(page, title, date);
      await page.getByRole('button', { name: 'Add appointment' }).click();
      await page.getByRole('heading', { name: title }).waitFor();
    }

    /** Restarts the server while no page is loading anything. */
    async function restart(page: Page, signal?: 'SIGINT'): Promise<void> {
      await page.goto('about:blank');
      expect(await server.stop(signal)).toBe(0);
      await server.start();
      await page.goto('/');
    }

    const titles = (page: Page): Promise<string[]> => page.getByRole('heading', { level: 3 }).allTextContents();

    test('an appointment outlives a reload and a restart of the server', async () => {
      const page = await visitor();
      await add(page, 'Dentist');
      await page.reload();
      expect((await titles(page)).join()).toContain('Dentist');
      await restart(page);
      expect((await titles(page)).join()).toContain('Dentist');
      expect(await page.locator('.when time').getAttribute('datetime')).toBe('2090-03-04T09:30');
    });

    test('a half-filled form is kept while it is typed, survives leaving and a restart, and can be discarded', async () => {
      const page = await visitor();
      await page.goto('/new');
      await page.getByLabel('What is it about?').fill('Half a thought');
      const kept = page.waitForResponse((response) => response.request().postData()?.includes('second') === true);
      await page.getByLabel('Note').fill('first line\nsecond line');
      await kept;
      await page.getByRole('status').getByText('Draft kept.').waitFor();
      await page.getByRole('link', { name: 'Appointments' }).click();
      await page.getByText('Draft kept: Half a thought').waitFor();
      await restart(page, 'SIGINT');
      await page.getByRole('link', { name: 'Continue the draft' }).click();
      expect(await page.getByLabel('What is it about?').inputValue()).toBe('Half a thought');
      expect(await page.getByLabel('Note').inputValue()).toBe('first line\nsecond line');
      await page.getByRole('button', { name: 'Discard draft' }).click();
      await page.getByText('Nothing ahead.').waitFor();
      expect(await page.getByText('Draft kept').count()).toBe(0);
      await page.goto('/new');
      expect(await page.getByLabel('What is it about?').inputValue()).toBe('');
    });

    test('a draft that is being saved does not come back behind the appointment it became', async () => {
      const page = await visitor();
      await page.route('**/draft/typed', async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        await route.continue();
      });
      await page.goto('/new');
      await page.getByLabel('Time').fill('10:00');
      const saving = page.waitForRequest('**/draft/typed');
      await page.getByLabel('What is it about?').fill('Walk with Lena');
      await saving;
      await page.getByRole('button', { name: 'Add appointment' }).click();
      await page.getByRole('heading', { name: 'Walk with Lena' }).waitFor();
      await page.reload();
      expect(await page.getByText('Draft kept').count()).toBe(0);
      expect(await titles(page)).toHaveLength(1);
    });

    test('two tabs that add at the same time lose nothing', async () => {
      const store = faultyStore(await openSqlite({ database: join(folder, 'tabs.db') }));
      const conflicts: SessionEvent[] = [];
      const onEvent = (event: SessionEvent) => event.type === 'conflict' && conflicts.push(event);
      const sessions = createSessions({ store, cookie: { secure: false }, onEvent });
      const app = schedApp(sessions, { secure: false }).listen(0, '127.0.0.1');
      await once(app, 'listening');
      const first = await visitor({ baseURL: `http://127.0.0.1:${(app.address() as AddressInfo).port}` });
      const second = await first.context().newPage();
      await add(first, 'Round 0');
      for (const round of ROUNDS) {
        await fill(first, `Left ${round}`);
        await fill(second, `Right ${round}`);
        await together(first, second, store);
      }
      await first.reload();
      const rounds = (side: string) => ROUNDS.map((round) => `${side} ${round}`);
      const all = (await titles(first)).map((title) => title.replace('Next', '').trim());
      expect(all.sort()).toEqual([...rounds('Left'), ...rounds('Right'), 'Round 0']);
      expect(conflicts.length).toBeGreaterThanOrEqual(ROUNDS.length);
      await first.context().close();
      app.close();
      await sessions.close();
      await store.close?.();
    });

    /** Submits both forms, and lets neither be stored before the book was read for both. */
    async function together(first: Page, second: Page, store: FaultyStore): Promise<void> {
      const both = gate();
      let arrived = 0;
      await first.context().route('**/appointments', async (route) => {
        if (++arrived === 2) {
          store.reset();
          store.always('update', { before: read.opened });
          both.open();
        }
        await both.opened;
        await route.continue();
      });
      const read = gate();
      // By script: a click waits until Chromium draws the tab, and one in the background is drawn late.
      const submit = "setTimeout(() => document.querySelector('form.fields').requestSubmit())";
      await Promise.all([first, second].map((page) => page.evaluate(submit)));
      const updates = () => store.calls.filter(({ verb }) => verb === 'update').length;
      await vi.waitFor(() => expect([arrived, updates()]).toEqual([2, 2]), { interval: 5, timeout: 10_000 });
      store.always('update', undefined);
      read.open();
      await Promise.all([first, second].map((page) => page.waitForURL('/')));
      await first.context().unroute('**/appointments');
    }

    async function useAll(page: Page): Promise<void> {
      await add(page, 'Garden');
      await page.getByRole('link', { name: 'Edit Garden' }).click();
      await page.getByLabel('Length').selectOption('90');
      await page.getByLabel('What is it about?').fill('Garden and pond');
      await page.getByRole('button', { name: 'Save changes' }).click();
      await page.getByRole('heading', { name: 'Garden and pond' }).waitFor();
      expect(await page.getByText('1½ hours').count()).toBe(1);
      await page.getByRole('link', { name: 'Delete Garden and pond' }).click();
      await page.getByRole('link', { name: 'Keep it' }).click();
      await page.getByRole('heading', { name: 'Garden and pond' }).waitFor();
      expect(await titles(page)).toHaveLength(1);
      await page.getByRole('link', { name: 'Delete Garden and pond' }).click();
      await page.getByRole('button', { name: 'Delete appointment' }).click();
      await page.getByText('Your book is empty').waitFor();
      expect(await titles(page)).toEqual([]);
    }

    test('an appointment is edited, and deleted after a question', async () => {
      await useAll(await visitor());
    });

    test('everything works without script, the draft by its button', async () => {
      const page = await visitor({ javaScriptEnabled: false });
      await useAll(page);
      await page.goto('/new');
      await page.getByLabel('Place').fill('Harbour Street');
      await page.getByRole('button', { name: 'Keep as draft' }).click();
      await page.getByText('Draft kept: an appointment without a title').waitFor();
      await page.getByRole('link', { name: 'Continue the draft' }).click();
      expect(await page.getByLabel('Place').inputValue()).toBe('Harbour Street');
    });

    test('a phone scrolls no page sideways, whatever is written on it', async () => {
      const page = await visitor({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
      const long = 'W'.repeat(80);
      await add(page, long);
      const edit = await page.getByRole('link', { name: `Edit ${long}` }).getAttribute('href');
      await fill(page, long);
      await page.getByRole('button', { name: 'Keep as draft' }).click();
      await page.getByText('Draft kept:').waitFor();
      for (const path of [
        '/',
        '/new',
        `${edit}`,
        `${edit}`.replace(/edit$/, 'delete'),
        '/session',
        '/account',
        '/account/devices',
      ]) {
        await page.goto(path);
        const width = await page.evaluate('document.documentElement.scrollWidth');
        expect(width, path).toBe(390);
      }
    });

    test('the page of what is stored shows it, and the tickets nowhere', async () => {
      const page = await visitor();
      await add(page, 'Dentist');
      const cookies = await page.context().cookies();
      expect(cookies).toMatchObject([
        { name: 'session', httpOnly: true, sameSite: 'Lax', secure: false, expires: -1 },
        { name: 'device', httpOnly: true },
      ]);
      await page.getByRole('link', { name: 'What is stored' }).click();
      expect(await page.locator('pre').textContent()).toContain('"title": "Dentist"');
      expect(await page.locator('dd code').textContent()).toMatch(/^[\w-]{8,}$/);
      expect(await page.locator('dd time').count()).toBe(2);
      for (const { value } of cookies) expect(await page.content()).not.toContain(value);
    });

    test('the keyboard reaches the content first and every control shows its focus', async () => {
      const page = await visitor();
      await page.goto('/');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('New appointment');
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    });
  },
);
