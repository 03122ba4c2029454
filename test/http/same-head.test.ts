import connect from 'connect';
import express from 'express';
import express4 from 'express4';
import { serve } from 'srvx';
import { describe, expect, onTestFinished, test } from 'vitest';
import { expressSessions } from '../../src/http/express.ts';
import { fetchSessions } from '../../src/http/fetch.ts';
import { mergeHead } from '../../src/http/head.ts';
import { nodeSessions } from '../../src/http/node.ts';
import type { HeaderChanges } from '../../src/interface/contract.ts';
import { TestInterface } from './interfaces.ts';
import { type Answer, get, get2, listen, listen2 } from './servers.ts';

/** An answer as data, so that each adapter can give the same one. */
interface Plan {
  method: string;
  status: number;
  headers: Record<string, string | string[]>;
  body: string | null;
}

const plans: Record<string, Omit<Plan, 'method'> & { method?: string }> = {
  page: { status: 200, headers: { 'Content-Type': 'text/plain' }, body: 'hello' },
  'public page': {
    status: 200,
    headers: { 'Cache-Control': 'public, s-maxage=9, max-age=5', Vary: 'Accept' },
    body: 'x',
  },
  'private field': { status: 200, headers: { 'Cache-Control': 'private="x-user", no-cache="a, public"' }, body: 'x' },
  'vary all': { status: 200, headers: { Vary: '*', 'Cache-Control': 'no-store' }, body: 'x' },
  cookies: { status: 200, headers: { 'Set-Cookie': ['a=1', 'id=old', 'b=2'] }, body: 'x' },
  head: { status: 200, headers: {}, body: 'x', method: 'HEAD' },
  empty: { status: 204, headers: {}, body: null },
  'not modified': { status: 304, headers: { ETag: '"x"' }, body: null },
  redirect: { status: 303, headers: { Location: '/login' }, body: null },
  error: { status: 500, headers: {}, body: 'oops' },
};

const commits: Record<string, HeaderChanges> = {
  nothing: { setCookie: [], looked: false },
  looked: { setCookie: [], looked: true },
  'sent a cookie': { setCookie: ['id=new; Path=/', 'seen=1'], looked: true },
  'refreshed a cookie': { setCookie: ['id=new; Path=/'], looked: false },
  failed: { setCookie: ['id=; Max-Age=0'], looked: true, error: Object.assign(new Error('x'), { status: 503 }) },
};

function write(plan: Plan, res: any): void {
  res.statusCode = plan.status;
  for (const [name, value] of Object.entries(plan.headers)) res.setHeader(name, value);
  if (plan.body === null) res.end();
  else res.end(plan.body);
}

function respond(plan: Plan): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(plan.headers)) for (const one of [value].flat()) headers.append(name, one);
  return new Response(plan.body, { status: plan.status, headers });
}

type Asker = (sessions: TestInterface, plan: Plan) => Promise<Answer>;

const connectLike =
  (make: () => any): Asker =>
  async (sessions, plan) => {
    const app = make();
    app.use(expressSessions(sessions));
    app.use((_req: unknown, res: unknown) => write(plan, res));
    return get((await listen(app)).port, { method: plan.method });
  };

const adapters: Record<string, Asker> = {
  'node:http': async (sessions, plan) =>
    get((await listen(nodeSessions(sessions, (_req, res) => write(plan, res)))).port, { method: plan.method }),
  http2: async (sessions, plan) =>
    get2((await listen2(nodeSessions(sessions, (_req, res) => write(plan, res)) as never)).port, {
      method: plan.method,
    }),
  'Express 5': connectLike(() => express()),
  'Express 4': connectLike(() => express4()),
  Connect: connectLike(() => connect()),
  Fetch: async (sessions, plan) => {
    const handler = fetchSessions(sessions, () => respond(plan));
    const server = serve({ port: 0, hostname: '127.0.0.1', silent: true, fetch: (asked) => handler(asked as Request) });
    await server.ready();
    onTestFinished(() => server.close(true));
    return get(Number(new URL(server.url as string).port), { method: plan.method });
  },
};

const ask = ({ status, headers, text }: Answer) => ({
  status,
  text,
  vary: headers.vary,
  cacheControl: headers['cache-control'],
  setCookie: headers['set-cookie'],
});

/** What the answer must be, by the one place that decides heads. */
function expected(plan: Plan, changes: HeaderChanges) {
  const { status, headers, body } = plan;
  const field = (name: string) => headers[name] as string | undefined;
  const said = { vary: field('Vary'), cacheControl: field('Cache-Control') };
  const merged = changes.error
    ? mergeHead({ vary: undefined, cacheControl: undefined, setCookie: [] }, changes)
    : mergeHead({ ...said, setCookie: [headers['Set-Cookie'] ?? []].flat() }, changes);
  return {
    status: changes.error ? 503 : status,
    text: plan.method === 'HEAD' ? '' : changes.error ? '503 Service Unavailable\n' : (body ?? ''),
    vary: merged.vary,
    cacheControl: merged.cacheControl,
    setCookie: merged.setCookie.length > 0 ? merged.setCookie : undefined,
  };
}

describe.each(Object.entries(commits))('a session that %s', (_commit, changes) => {
  describe.each(['sync', 'async'])('with a %s commit', (mode) => {
    test.each(Object.entries(plans))(
      'has the same head on every adapter (R59): %s',
      async (_plan, { method = 'GET', ...rest }) => {
        const plan: Plan = { method, ...rest };
        const answers: Record<string, unknown> = {};
        for (const [name, asker] of Object.entries(adapters)) {
          const sessions = new TestInterface();
          sessions.answer = () => (mode === 'sync' ? changes : Promise.resolve(changes));
          answers[name] = ask(await asker(sessions, plan));
        }
        const first = answers['node:http'];
        for (const [name, answer] of Object.entries(answers)) expect({ name, answer }).toEqual({ name, answer: first });
        expect(first).toEqual(expected(plan, changes));
      },
    );
  });
});
