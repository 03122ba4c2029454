import express from 'express';
import { expect, test } from 'vitest';
import { createCsrf } from '../../src/csrf/index.ts';
import { flashFor } from '../../src/flash/index.ts';
import { expressSessions } from '../../src/http/express.ts';
import { expressViews } from '../../src/http/express-views.ts';
import { createSessions } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { CookieJar, faultyStore } from '../../src/testing/index.ts';
import { get, listen } from './servers.ts';

const express4: typeof express = (await import('express4')).default as never;

test.each([
  ['5', express],
  ['4', express4],
])(
  'the functions of views need no ambient session, and touch none before they are called (Express %s)',
  async (_, make) => {
    const store = faultyStore(memoryStore());
    const csrf = createCsrf();
    const app = make();
    app.set('env', 'test');
    app.use(expressSessions(createSessions({ store, ambient: false, sweep: false })), expressViews({ csrf }));
    app.get('/flash', (request, response) => {
      flashFor(request.session).flash('<b>', 'info');
      response.end();
    });
    app.get('/', (_request, response) => {
      const { locals } = response;
      response.json([locals.getFlashedMessages({ withCategories: true }), locals.csrfField(), locals.csrfMeta()]);
    });
    app.get('/plain', (_request, response) => void response.end(Object.keys(response.locals).sort().join()));
    const { port } = await listen(app);
    const jar = new CookieJar();
    const ask = async (path: string) => {
      const answer = await get(port, { path, headers: jar.headers() });
      jar.store(answer.headers['set-cookie'] ?? []);
      return answer;
    };
    const plain = await ask('/plain');
    expect(plain.text).toContain('csrfField,csrfMeta,csrfToken');
    expect([plain.headers.vary, plain.headers['set-cookie']]).toEqual([undefined, undefined]);
    await ask('/flash');
    const [messages, field, meta] = JSON.parse((await ask('/')).text);
    expect(messages).toEqual([['info', '<b>']]);
    expect(/value="([^"]+)"/.exec(field)?.[1]).toBe(/content="([^"]+)"/.exec(meta)?.[1]);
    expect(JSON.parse((await ask('/')).text)[0]).toEqual([]);
    // The page that says that the store is down renders.
    await ask('/flash');
    store.always('read', 'break');
    expect(JSON.parse((await ask('/')).text)).toEqual([
      [],
      '<input type="hidden" name="csrf_token" value="">',
      '<meta name="csrf-token" content="">',
    ]);
  },
);
