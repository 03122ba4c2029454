import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ejs from 'ejs';
import nunjucks from 'nunjucks';
import { expect, test } from 'vitest';
import { flash } from '../../src/flash/index.ts';
import { withSession } from '../../src/testing/index.ts';
import { block, browse, browseFetch, pageBlocks, run, scratch } from './blocks.ts';

const PAGE = 'docs/flash.md';
const ESCAPED = '<li class="success">Saved as &lt;b&gt;.</li>';
const post = { method: 'POST' };

/** The application of the page on a view of the page. */
async function viewed(language: string, prepare: (app: any, folder: string) => void): Promise<void> {
  const { app } = await run(block(PAGE, 'In views'));
  const folder = scratch();
  mkdirSync(join(folder, 'views'));
  writeFileSync(join(folder, 'views', `messages.${language}`), block(PAGE, 'In views', language).code);
  app.set('views', join(folder, 'views'));
  prepare(app, join(folder, 'views'));
  await browse(app, async (visit) => {
    await visit('/save', post);
    expect((await visit('/')).text).toContain(ESCAPED);
    expect((await visit('/')).text).not.toContain('<li');
  });
}

const CHECKS: Readonly<Record<string, () => Promise<void>>> = {
  'Flash messages': async () => {
    const { app } = await run(block(PAGE, 'Flash messages'));
    await browse(app, async (visit) => {
      expect((await visit('/save', post)).status).toBe(303);
      const shown = JSON.stringify([
        ['message', 'Saved.'],
        ['info', 'The old file is kept for a day.'],
      ]);
      expect((await visit('/')).text).toBe(shown);
      expect((await visit('/')).text).toBe('[]');
    });
  },
  'A session in your hands': async () => {
    const { handler } = await run(block(PAGE, 'A session in your hands'));
    const visit = browseFetch(handler);
    await visit('/', post);
    expect((await visit('/')).text).toBe('["Saved."]');
  },
  'In views': () => viewed('ejs', (app) => app.engine('ejs', ejs.renderFile)),
  'In views 2': async () => {
    const { messages } = await run(block(PAGE, 'In views 2'));
    await withSession({}, () => {
      flash('<b>', '"x');
      expect(messages()).toEqual(['<p class="&quot;x">&lt;b&gt;</p>']);
    });
  },
};

test.each(Object.entries(CHECKS))('docs/flash.md: %s', async (_name, check) => {
  await check();
});

test('docs/flash.md: the view of Nunjucks', () =>
  viewed('nunjucks', (app, folder) => {
    const environment = nunjucks.configure(folder, { autoescape: true });
    app.engine('nunjucks', (path: string, options: object, done: never) => environment.render(path, options, done));
    app.set('view engine', 'nunjucks');
  }));

test('every block of docs/flash.md is run', () => {
  const names = pageBlocks(PAGE).filter(({ language }) => language === 'ts');
  expect(names.map(({ name }) => name)).toEqual(Object.keys(CHECKS));
});
