import { Agent } from 'node:http';
import { expect } from 'vitest';
import { fleet } from './app.ts';
import { CELLS, testCells } from './cells.ts';
import { Visitor } from './visitor.ts';

const { start, cell } = fleet();

const USERS = 300;

testCells(CELLS, '300 visitors at once on shared connections see only what is theirs', async (...names) => {
  const app = await start(cell(...names));
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const seen = await Promise.all(
    Array.from({ length: USERS }, async (_, at) => {
      const me = `visitor ${at}`;
      const visitor = new Visitor(app.port, { agent });
      await visitor.post('/set', { k: 'me', v: me });
      const both = [
        visitor.get(`/slow?ms=${at % 20}&k=also&v=${encodeURIComponent(me)}`),
        visitor.get('/slowread?ms=5'),
      ];
      await Promise.all(both);
      const values = ['/get?k=me', '/get?k=also'].map(async (path) => (await visitor.get(path)).json.value);
      const { handle } = (await visitor.get('/info')).json;
      return { me, values: await Promise.all(values), handle, ticket: visitor.jar.get('__Host-session') };
    }),
  );
  for (const { me, values } of seen) expect(values).toEqual([me, me]);
  expect(new Set(seen.map(({ handle }) => handle)).size).toBe(USERS);
  expect(new Set(seen.map(({ ticket }) => ticket)).size).toBe(USERS);
  agent.destroy();
  await app.stop();
});
