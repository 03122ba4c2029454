import { setTimeout as sleep } from 'node:timers/promises';
import { CoatcheckError, session } from 'coatcheck';
import { type Answer, json } from './answer.ts';
import { operate } from './backend.ts';
import { flag, keep, milliseconds, text, value, wrong } from './fields.ts';
import { guardedRoutes } from './guarded-routes.ts';
import { noBackend } from './problem.ts';
import { get, OK, post, type Route } from './route.ts';

export const routes: readonly Route[] = [
  get('/public', () => OK),
  get('/static/app.css', () => ({ kind: 'file', name: 'app.css', type: 'text/css; charset=utf-8' })),

  get('/get', (query) => json({ value: session.get(text(query, 'k')) ?? null })),
  get('/keys', () => json({ keys: session.keys() })),
  get('/info', () => {
    const { handle = null, isNew, createdAt = null, expiresAt = null } = session;
    return json({ handle, isNew, createdAt, expiresAt });
  }),

  post('/set', (body) => {
    session.set(text(body, 'k'), value(body, 'v'));
    return OK;
  }),
  post('/pop', (body) => json({ ok: true, value: session.pop(text(body, 'k'), null) })),
  post('/take', async (body) => json({ ok: true, value: (await session.take(text(body, 'k'))) ?? null })),
  post('/clear', () => {
    session.clear();
    return OK;
  }),
  post('/destroy', async () => {
    await session.destroy();
    return OK;
  }),
  post('/permanent', (body) => {
    session.permanent = flag(body, 'on');
    return OK;
  }),
  post('/regenerate', async (body) => {
    await session.regenerate({ keep: keep(body, 'keep') });
    return OK;
  }),

  post('/incr', (body) => updated(text(body, 'k'), (count = 0) => number(count) + 1)),
  post('/append', (body) => {
    const added = value(body, 'v');
    return updated(text(body, 'k'), (items = []) => [...list(items), added]);
  }),
  post('/push', (body) => {
    list(session.get(text(body, 'k'))).push(value(body, 'v'));
    return OK;
  }),

  get('/slow', async (query) => {
    const [key, wait] = [text(query, 'k'), milliseconds(query, 'ms')];
    session.has(key);
    await sleep(wait);
    session.set(key, text(query, 'v'));
    return OK;
  }),
  get('/slowread', async (query) => {
    const keys = session.keys();
    await sleep(milliseconds(query, 'ms'));
    return json({ keys });
  }),

  get('/boom', (query) => {
    session.set(text(query, 'k'), text(query, 'v'));
    throw new Error('boom');
  }),
  get('/file', (query) => {
    session.set(text(query, 'k'), text(query, 'v'));
    return { kind: 'file', name: 'ticket.txt', type: 'text/plain; charset=utf-8' };
  }),
  get('/redirect', (query) => {
    session.set(text(query, 'k'), text(query, 'v'));
    return { kind: 'redirect', to: '/keys' };
  }),
  get('/stream', (query) => {
    const [key, late, wait] = [text(query, 'k'), text(query, 'v'), milliseconds(query, 'ms')];
    // Looked at before the head leaves, so that caches hear of it; a first look in the stream would be refused.
    session.has(key);
    return { kind: 'stream', chunks: lateWrite(key, late, wait) };
  }),
  post('/backend', (body, { sessions }) => {
    if ('backend' in sessions) return operate(sessions.backend, body);
    throw noBackend();
  }),
  get('/cached', () => ({ kind: 'json', body: { keys: session.keys() }, cacheControl: 'public, max-age=600' })),

  ...guardedRoutes,
];

/** What `update` shows is provisional until it is saved; the answer tells the exact value. */
async function updated(key: string, change: (current: unknown) => unknown): Promise<Answer> {
  session.update(key, change);
  await session.save();
  return json({ ok: true, value: session.get(key) });
}

async function* lateWrite(key: string, late: string, wait: number): AsyncGenerator<string> {
  yield 'begun\n';
  await sleep(wait);
  try {
    session.set(key, late);
    await session.save();
  } catch (error) {
    yield error instanceof CoatcheckError ? error.code : 'INTERNAL';
    return;
  }
  yield 'ok';
}

function number(current: unknown): number {
  if (typeof current !== 'number') throw wrong('The value under k is no number.');
  return current;
}

function list(current: unknown): unknown[] {
  if (!Array.isArray(current)) throw wrong('The value under k is no list.');
  return current;
}
