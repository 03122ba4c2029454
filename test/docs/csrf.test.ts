import { mkdirSync, writeFileSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { join } from 'node:path';
import ejs from 'ejs';
import nunjucks from 'nunjucks';
import { expect, test } from 'vitest';
import { createCsrf } from '../../src/csrf/index.ts';
import { readOptions } from '../../src/csrf/options.ts';
import { block, browse, browseFetch, form, pageBlocks, root, run, scratch } from './blocks.ts';

const PAGE = 'docs/csrf.md';
const FOREIGN = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
const post = { method: 'POST' };
const foreign = { method: 'POST', headers: FOREIGN };

const tokenIn = (text: string) => /(?:value|content)="([cs][\w-]{64})"/.exec(text)?.[1] ?? '';

async function viewed(language: string, prepare: (app: any, folder: string) => void): Promise<void> {
  const { app } = await run(block(PAGE, 'In views'));
  const folder = scratch();
  mkdirSync(join(folder, 'views'));
  writeFileSync(join(folder, 'views', `transfer.${language}`), block(PAGE, 'In views', language).code);
  app.set('views', join(folder, 'views'));
  prepare(app, join(folder, 'views'));
  await browse(app, async (visit) => {
    expect((await visit('/')).text).toMatch(/<input type="hidden" name="csrf_token" value="c[\w-]{64}">/);
  });
}

const CHECKS: Readonly<Record<string, () => Promise<void>>> = {
  'Requests from other sites (CSRF)': async () => {
    const { app } = await run(block(PAGE, 'Requests from other sites (CSRF)'));
    await browse(app, async (visit) => {
      expect((await visit('/hook', foreign)).text).toBe('stands before the guard');
      const csrf_token = tokenIn((await visit('/form')).text);
      expect((await visit('/transfer', form({ csrf_token }))).text).toBe('Done.');
      expect((await visit('/transfer', form({}))).status).toBe(403);
      expect((await visit('/transfer', foreign)).status).toBe(403);
    });
  },
  'Exempt handlers': async () => {
    const { app } = await run(block(PAGE, 'Exempt handlers'));
    await browse(app, async (visit) => {
      expect((await visit('/hook', foreign)).text).toBe('Thank you.');
      expect((await visit('/hooks', foreign)).status).toBe(403);
    });
  },
  'Exempt handlers 2': async () => {
    const { handler } = await run(block(PAGE, 'Exempt handlers 2'));
    const visit = browseFetch(handler);
    expect((await visit('/hook', foreign)).text).toBe('Thank you.');
    const csrf_token = tokenIn((await visit('/')).text);
    expect((await visit('/', form({ csrf_token, to: 'Bob' }))).text).toBe('Sent to Bob.');
    expect((await visit('/', form({ to: 'Bob' }))).text).toBe('403 CSRF_TOKEN_MISSING\n');
    expect((await visit('/', foreign)).text).toBe('403 CSRF_FOREIGN\n');
  },
  'Exempt handlers 3': async () => {
    const { server } = (await run(block(PAGE, 'Exempt handlers 3'))) as { server: Server };
    const listener: RequestListener = (request, response) => void server.emit('request', request, response);
    await browse(listener, async (visit) => {
      const csrf_token = tokenIn((await visit('/')).text);
      expect((await visit('/', form({ csrf_token }))).text).toBe('Done.');
      expect((await visit('/', post)).text).toBe('403 CSRF_TOKEN_MISSING\n');
    });
  },
  'Exempt handlers 4': async () => {
    const { guard } = await run(block(PAGE, 'Exempt handlers 4'));
    const ask = (headers: Record<string, string>) => new Request('https://app.example/', { method: 'POST', headers });
    await guard(ask({ origin: 'https://app.example' }), {});
    await expect(guard(ask(FOREIGN), {})).rejects.toThrow(expect.objectContaining({ code: 'CSRF_FOREIGN' }));
  },
  'Single-page applications': async () => {
    const { app } = await run(block(PAGE, 'Single-page applications'));
    await browse(app, async (visit) => {
      const sent = (token: string) => ({
        method: 'POST',
        headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', 'x-csrf-token': token },
        body: '{"item":"tea"}',
      });
      const token = tokenIn((await visit('/')).text);
      expect((await visit('/api/orders', sent(token))).text).toBe('{"ordered":"tea"}');
      expect((await visit('/api/orders', sent(''))).status).toBe(403);
      const fresh = JSON.parse((await visit('/token')).text).token;
      expect((await visit('/api/orders', sent(fresh))).status).toBe(200);
    });
  },
  'In views': () => viewed('ejs', (app) => app.engine('ejs', ejs.renderFile)),
};

test.each(Object.entries(CHECKS))('docs/csrf.md: %s', async (_name, check) => {
  await check();
});

test('docs/csrf.md: the view of Nunjucks', () =>
  viewed('nunjucks', (app, folder) => {
    const environment = nunjucks.configure(folder, { autoescape: true });
    app.engine('nunjucks', (path: string, options: object, done: never) => environment.render(path, options, done));
    app.set('view engine', 'nunjucks');
  }));

test('docs/csrf.md: the script of a single-page application sends the token, and fetches a new one when it must', async () => {
  const { code } = block(PAGE, 'Single-page applications', 'js');
  const asked: [string, any][] = [];
  const page = {
    document: { querySelector: () => ({ content: 'old' }) },
    fetch: async (url: string, init?: any) => {
      asked.push([url, init?.headers?.['X-CSRF-Token']]);
      if (url === '/token') return { status: 200, json: async () => ({ token: 'new' }) };
      return { status: init.headers['X-CSRF-Token'] === 'new' ? 200 : 403 };
    },
  };
  const order = new Function('document', 'fetch', `${code}\nreturn order;`)(page.document, page.fetch);
  expect((await order('tea')).status).toBe(200);
  expect(asked).toEqual([
    ['/api/orders', 'old'],
    ['/token', undefined],
    ['/api/orders', 'new'],
  ]);
});

test('every block of docs/csrf.md is run, and its options are those of the source', async () => {
  const names = pageBlocks(PAGE).filter(({ language }) => language === 'ts');
  expect(names.map(({ name }) => name)).toEqual(Object.keys(CHECKS));
  const { readFileSync } = await import('node:fs');
  const section = readFileSync(join(root, PAGE), 'utf8').split('\n## Options\n')[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(([, name = '', value = '']) => [name, value]);
  const options = Object.fromEntries(rows);
  for (const name of Object.keys(options)) expect(() => createCsrf({ [name]: undefined })).not.toThrow();
  expect(() => createCsrf({ none: 1 } as never)).toThrow(Object.keys(options).sort().join(', '));
  const { cookie, tokensRequired } = readOptions({});
  expect([options.cookie, options.tokens]).toEqual([
    `\`${cookie.name}\``,
    tokensRequired ? "`'required'`" : "`'fallback'`",
  ]);
});
