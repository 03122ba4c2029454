import { Agent } from 'node:http';
import { expect, test } from 'vitest';
import { ADAPTERS, type App, CELLS, count, type Env, fleet, SEALED, until } from './app.ts';
import { mutatedCookies } from './mutations.ts';
import { tell, Visitor } from './visitor.ts';

const { start, cell } = fleet();

const NAME = '__Host-session';

const cases: readonly (readonly [name: string, number: number, env: Env | Promise<Env>])[] = [
  ['express', 10_000, cell('express', 'memory')],
  ...CELLS.filter(([, store]) => store !== 'memory').map(
    ([adapter, store]) => [`${adapter} over ${store}`, 300, cell(adapter, store)] as const,
  ),
  ...ADAPTERS.map((adapter) => [`${adapter} with sealed cookies`, 300, { ADAPTER: adapter, ...SEALED }] as const),
];

test.each(cases)(
  '%s: %i mutated cookies find no session and break nothing',
  { timeout: 60_000 },
  async (_name, number, env) => {
    const app = await start(env);
    const visitor = new Visitor(app.port);
    await visitor.post('/set', { k: 'secret', v: 'classified' });
    const ticket = visitor.jar.get(NAME) ?? '';
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const left = mutatedCookies(NAME, ticket, number);
    expect(new Set(left).size).toBe(number);
    const wrong: string[] = [];
    const workers = Array.from({ length: 16 }, async () => {
      for (let cookie = left.pop(); cookie !== undefined; cookie = left.pop()) {
        const problem = await problemOf(app, agent, cookie);
        if (problem !== undefined) wrong.push(`${problem}: ${cookie.slice(0, 100)}`);
      }
    });
    await Promise.all(workers);
    agent.destroy();
    expect(wrong).toEqual([]);
    // The session itself has survived all of it.
    expect((await visitor.get('/get?k=secret')).json).toEqual({ value: 'classified' });
    await until(() => count(app, 'loaded') > 0);
    expect(count(app, 'loaded')).toBe(1);
    await app.stop();
  },
);

async function problemOf(app: App, agent: Agent, cookie: string): Promise<string | undefined> {
  const { status, text } = await tell(app.port, { path: '/get?k=secret', headers: { Cookie: cookie }, agent });
  // Node itself refuses a head beyond its own bound.
  if (status === 431 && cookie.length > 16_000) return undefined;
  return status === 200 && text === '{"value":null}' ? undefined : `${status} ${text}`;
}
