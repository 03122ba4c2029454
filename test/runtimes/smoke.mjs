// Runs in any runtime, on the built package: sessions over Fetch and over node:http, stored and sealed.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { fetchSessions } from '../../dist/http/fetch.js';
import { nodeSessions } from '../../dist/http/node.js';
import { createCookieSessions, createSessions, session } from '../../dist/index.js';

const later = () => new Promise((resolve) => setTimeout(resolve, 1));

function count() {
  session.update('n', (n = 0) => n + 1);
  session.items = [...(session.items ?? []), new Date(1_700_000_000_123)];
  return `${session.n} ${session.items.length}`;
}

/** Visits three times with the cookie that comes back; each visit must see the one before. */
async function visit(ask) {
  let cookie;
  for (const expected of ['1 1', '2 2', '3 3']) {
    const answer = await ask(cookie === undefined ? {} : { cookie });
    assert.equal(await answer.text(), expected);
    assert.match(answer.headers.get('vary') ?? '', /cookie/i);
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
  }
}

const interfaces = {
  stored: () => createSessions({ sweep: false }),
  sealed: () => createCookieSessions({ secret: 'Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z', revocation: 'none' }),
};

for (const [name, make] of Object.entries(interfaces)) {
  const handle = fetchSessions(make(), async () => {
    await later();
    return new Response(count());
  });
  await visit((headers) => handle(new Request('https://a.example/', { headers })));
  console.log(`fetch ${name}: ok`);

  const server = createServer(
    nodeSessions(make(), async (_request, response) => {
      await later();
      response.end(count());
    }),
  );
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  await visit((headers) => fetch(`http://127.0.0.1:${server.address().port}/`, { headers }));
  await new Promise((resolve) => server.close(resolve));
  server.closeAllConnections?.();
  console.log(`node ${name}: ok`);
}
console.log('all ok');
process.exit(0);
