import { Agent } from 'node:http';
import { expect, test } from 'vitest';
import { called } from '../support/servers/program.ts';
import { type App, count, type Env, fleet, SEALED, until } from './app.ts';
import { ADAPTERS, CELLS } from './cells.ts';
import { mutatedCookies } from './mutations.ts';
import { tell, Visitor } from './visitor.ts';

const { start, cell } = fleet();

const NAME = '__Host-session';

interface Case {
  readonly name: string;
  readonly number: number;
  readonly env: () => Env | Promise<Env>;
  readonly missing?: string | undefined;
}

const cases: readonly Case[] = [
  { name: 'express', number: 10_000, env: () => cell('express', 'memory') },
  ...CELLS.filter(([, store]) => store !== 'memory').map(
    ([adapter, store, missing]): Case => ({
      name: `${adapter} over ${store}`,
      number: 300,
      env: () => cell(adapter, store),
      missing,
    }),
  ),
  ...ADAPTERS.map(
    (adapter): Case => ({
      name: `${adapter} with sealed cookies`,
      number: 300,
      env: () => ({ ADAPTER: adapter, ...SEALED }),
    }),
  ),
];

for (const { name, number, env, missing } of cases) {
  const title = called(`${name}: ${number} mutated cookies find no session and break nothing`, missing);
  test.skipIf(missing !== undefined)(title, { timeout: 60_000 }, async () => {
    const app = await start(env());
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
  });
}

async function problemOf(app: App, agent: Agent, cookie: string): Promise<string | undefined> {
  const { status, text } = await tell(app.port, { path: '/get?k=secret', headers: { Cookie: cookie }, agent });
  // Node itself refuses a head beyond its own bound.
  if (status === 431 && cookie.length > 16_000) return undefined;
  return status === 200 && text === '{"value":null}' ? undefined : `${status} ${text}`;
}
