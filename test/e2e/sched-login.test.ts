import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { complaints, launch, launchIn, launchWithBackCache, missing } from './chromium.ts';
import { SchedServer } from './sched-server.ts';
import { PASSWORD } from './sched-visitor.ts';

describe.skipIf(missing !== undefined)(
  `The people of the appointment book in Chromium${missing ? ` (${missing})` : ''}`,
  { timeout: 60_000 },
  () => {
    let folder: string;
    let server: SchedServer;
    let browser: Browser;
    let users = 0;
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
      // A refused form is an answer like any other, and Chromium notes each on its console.
      const heard = all.flatMap((one) => one.heard).filter((text) => !/status of (403|422)/.test(text));
      expect(heard).toEqual([]);
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

    async function visitor(options: BrowserContextOptions = {}): Promise<Page> {
      return watched(await browser.newContext({ baseURL: server.origin, ...options })).newPage();
    }

    const click = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();

    async function fillIn(page: Page, name: string, password: string = PASSWORD): Promise<void> {
      await page.getByLabel('Name').fill(name);
      await page.getByLabel('Password').fill(password);
    }

    /** Signs a new user up; their name. */
    async function signUp(page: Page): Promise<string> {
      const name = `user-${++users}`;
      await page.goto('/register');
      await fillIn(page, name);
      await click(page, 'Sign up');
      await told(page, `Welcome, ${name}. This book is yours.`);
      return name;
    }

    async function logIn(page: Page, name: string, { remember = false, password = PASSWORD } = {}): Promise<void> {
      await page.goto('/login');
      await fillIn(page, name, password);
      if (remember) await page.getByLabel('Remember me').check();
      await click(page, 'Log in');
    }

    /** The page tells it, and the next one does not. */
    async function told(page: Page, text: string): Promise<void> {
      await page.getByRole('status').getByText(text, { exact: true }).waitFor();
      await page.goto('/');
      expect(await page.getByText(text, { exact: true }).count(), text).toBe(0);
    }

    const isKnown = async (page: Page): Promise<boolean> => {
      await page.goto('/');
      return (await page.getByRole('button', { name: 'Log out' }).count()) === 1;
    };

    async function add(page: Page, title: string): Promise<void> {
      await page.goto('/new');
      await page.getByLabel('What is it about?').fill(title);
      await page.getByLabel('Day').fill('2090-03-04');
      await page.getByLabel('Time').fill('09:30');
      await click(page, 'Add appointment');
      await told(page, 'The appointment is added.');
    }

    test('who asked to be remembered is known after a restart of server and browser, and fresh after the password', async () => {
      const profile = join(folder, 'profile');
      const before = watched(await launchIn(profile, server.origin));
      const page = await before.newPage();
      const name = await signUp(page);
      await click(page, 'Log out');
      await told(page, 'You are logged out.');
      await logIn(page, name, { remember: true });
      await told(page, `Welcome back, ${name}.`);
      await add(page, 'Choir');
      const names = async (context: BrowserContext) => (await context.cookies()).map((cookie) => cookie.name).sort();
      expect(await names(before)).toEqual(['device', 'remember', 'session']);
      await before.close();
      expect(await server.stop()).toBe(0);
      await server.start();

      const after = watched(await launchIn(profile, server.origin));
      expect(await names(after)).toEqual(['device', 'remember']);
      const later = await after.newPage();
      await later.goto('/');
      await later.getByRole('heading', { name: 'Choir' }).waitFor();
      await later.goto('/account');
      await later.getByText('This device remembered you.').waitFor();
      await later.getByRole('link', { name: 'Delete your account' }).click();
      await later.getByRole('status').getByText('This wants your password once more.').waitFor();
      await later.getByLabel('Password').fill('not the password');
      await click(later, 'Confirm');
      await later.getByRole('alert').getByText('That did not work.').waitFor();
      await later.getByLabel('Password').fill(PASSWORD);
      await click(later, 'Confirm');
      await later.getByRole('heading', { name: 'Delete your account?' }).waitFor();
      await later.getByRole('link', { name: 'Keep it' }).click();
      await later.getByText('You logged in here by your password.').waitFor();
      await later.goto('/');
      await later.getByRole('link', { name: 'Delete Choir' }).click();
      await click(later, 'Delete appointment');
      await told(later, 'The appointment is deleted.');
      expect(await later.getByRole('heading', { level: 3 }).count()).toBe(0);
    });

    test('of two browsers one ends the other by its device, and both by logging out everywhere', async () => {
      const first = await visitor();
      const name = await signUp(first);
      const second = await visitor();
      await logIn(second, name, { remember: true });
      await add(second, 'Seen on both');
      await first.goto('/account/devices');
      expect(await first.getByRole('heading', { level: 2 }).count()).toBe(2);
      await first.getByRole('button', { name: /^Log out Device/ }).click();
      await first.getByRole('status').getByText('That device is logged out.').waitFor();
      expect([await isKnown(first), await isKnown(second)]).toEqual([true, false]);

      await logIn(second, name, { remember: true });
      expect(await isKnown(second)).toBe(true);
      await first.goto('/account/devices');
      await click(first, 'Log out everywhere');
      await told(first, 'You are logged out everywhere.');
      expect([await isKnown(first), await isKnown(second)]).toEqual([false, false]);
      // What remembers it brings nobody back either, also when the browser has forgotten the session.
      await second.context().clearCookies({ name: 'session' });
      expect(await isKnown(second)).toBe(false);
    });

    test('the back button shows nothing private after a logout, with the cache of whole pages on', async () => {
      const caching = await launchWithBackCache();
      try {
        const page = await watched(await caching.newContext({ baseURL: server.origin })).newPage();
        await page.addInitScript("addEventListener('pageshow', (event) => { window.cached = event.persisted; })");
        await page.goto('/login');
        await page.goto('/register');
        await page.goBack({ waitUntil: 'commit' });
        expect(await page.evaluate('window.cached'), 'the cache is on').toBe(true);
        await signUp(page);
        await add(page, 'Nobody’s business');
        await page.goto('/session');
        await page.goto('/');
        await page.getByRole('heading', { name: 'Nobody’s business' }).waitFor();
        await click(page, 'Log out');
        await page.getByText('You are logged out.').waitFor();
        for (let steps = 0; steps < 4; steps++) {
          await page.goBack({ waitUntil: 'commit' });
          expect(await page.content(), page.url()).not.toContain('Nobody’s business');
          expect(await page.getByRole('button', { name: 'Log out' }).count(), page.url()).toBe(0);
        }
      } finally {
        await Promise.all(open.splice(-1).map(({ context }) => context.close()));
        await caching.close();
      }
    });

    test('a form that a page of another origin posts is refused, with the visitor’s cookies on it', async () => {
      const page = await visitor();
      await signUp(page);
      // Another port of the same host: to cookies that is the same site.
      const foreign = createServer((_request, response) => {
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        response.end(
          `<form method="post" action="${server.origin}/account/devices/revoke-all"><button>Win</button></form>`,
        );
      }).listen(0, '127.0.0.1');
      await once(foreign, 'listening');
      try {
        await page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
        const answered = page.waitForResponse(/revoke-all/);
        await click(page, 'Win');
        const answer = await answered;
        expect(answer.status()).toBe(403);
        expect((await answer.request().allHeaders()).cookie).toContain('session=');
        await page.getByRole('heading', { name: 'That form was not ours' }).waitFor();
        expect(await isKnown(page)).toBe(true);
      } finally {
        foreign.closeAllConnections();
        foreign.close();
      }
    });

    test('everything works without script', async () => {
      const page = await visitor({ javaScriptEnabled: false });
      const other = await visitor({ javaScriptEnabled: false });
      const name = await signUp(page);
      await logIn(other, name);
      await page.getByRole('link', { name: 'Account' }).click();
      await page.getByLabel('The password you have').fill(PASSWORD);
      await page.getByLabel('The new one').fill('short');
      await click(page, 'Change password');
      await page.getByRole('alert').getByText('Use 10 characters or more.').waitFor();
      await page.getByLabel('The password you have').fill(PASSWORD);
      await page.getByLabel('The new one').fill('another coat, another ticket');
      await page.getByLabel('Remember me').check();
      await click(page, 'Change password');
      await told(page, 'Your password is changed. Everywhere else you are logged out.');
      expect(await isKnown(other)).toBe(false);
      await logIn(other, name);
      await other.getByRole('alert').getByText('That did not work.').waitFor();
      await logIn(other, name, { password: 'another coat, another ticket' });
      await told(other, `Welcome back, ${name}.`);
      await other.goto('/account/devices');
      await click(other, 'Log out here');
      await told(other, 'You are logged out.');
      await page.goto('/confirm');
      await page.getByLabel('Password').fill('another coat, another ticket');
      await click(page, 'Confirm');
      await told(page, 'Thank you, it is you.');
      await page.goto('/account');
      await page.getByRole('link', { name: 'Delete your account' }).click();
      await click(page, 'Delete my account');
      await told(page, 'Your account is deleted, with everything in it.');
      expect(await isKnown(page)).toBe(false);
    });

    /** What axe finds on the page, in its light and in its dark colours. */
    async function seriousOn(page: Page): Promise<string[]> {
      const found: string[] = [];
      await page.evaluate(axe.source);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = (await page.evaluate('axe.run()')) as {
          violations: { id: string; impact: string; nodes: { html: string }[] }[];
        };
        const where = `${new URL(page.url()).pathname}, ${colorScheme}`;
        for (const { id, impact, nodes } of violations) {
          if (impact !== 'serious' && impact !== 'critical') continue;
          found.push(`${where}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
        }
      }
      return found;
    }

    test('axe finds nothing serious on any page', async () => {
      const page = await visitor();
      const found: string[] = [];
      for (const path of ['/', '/login?failed=1', '/register']) {
        await page.goto(path);
        found.push(...(await seriousOn(page)));
      }
      await fillIn(page, '-', 'short');
      await page.evaluate("document.querySelector('form').noValidate = true");
      await click(page, 'Sign up');
      await page.getByRole('alert').waitFor();
      found.push(...(await seriousOn(page)));
      await signUp(page);
      await add(page, 'Dentist');
      const edit = await page.getByRole('link', { name: 'Edit Dentist' }).getAttribute('href');
      await page.goto('/new');
      await page.getByLabel('Place').fill('Harbour Street');
      await click(page, 'Keep as draft');
      await page.getByText('Your draft is kept.').waitFor();
      found.push(...(await seriousOn(page)));
      const paths = ['/new', `${edit}`, `${edit}`.replace(/edit$/, 'delete'), '/session', '/account'];
      for (const path of [...paths, '/account/devices', '/account/delete', '/confirm']) {
        await page.goto(path);
        found.push(...(await seriousOn(page)));
      }
      await page.goto('/account');
      await page.getByLabel('The password you have').fill('wrong');
      await page.getByLabel('The new one').fill('short');
      await click(page, 'Change password');
      await page.getByRole('alert').waitFor();
      found.push(...(await seriousOn(page)));
      expect(found).toEqual([]);
    });
  },
);
