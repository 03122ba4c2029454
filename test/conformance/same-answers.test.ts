import { expect, test } from 'vitest';
import { type Env, fleet, SEALED } from './app.ts';
import { ADAPTERS, CELLS, MORE_CELLS, REDIS_CELLS, testCells } from './cells.ts';
import { type Told, Visitor } from './visitor.ts';

const { start, cell } = fleet();

type Step = readonly [method: 'GET' | 'POST', path: string, body?: unknown];

/** Twenty requests of one visitor, one after the other. */
const SCRIPT: readonly Step[] = [
  ['GET', '/public'],
  ['GET', '/info'],
  ['POST', '/set', { k: 'name', v: 'Änn <&> "ann" \u2028' }],
  ['GET', '/get?k=name'],
  ['POST', '/incr', { k: 'n' }],
  ['POST', '/incr', { k: 'n' }],
  ['POST', '/append', { k: 'list', v: [1, { a: null }] }],
  ['POST', '/push', { k: 'list', v: 2.5 }],
  ['GET', '/get?k=list'],
  ['GET', '/info'],
  ['GET', '/slow?ms=1&k=slow&v=%20'],
  ['GET', '/boom?k=boom&v=1'],
  ['GET', '/redirect?k=moved&v=1'],
  ['GET', '/file?k=file&v=1'],
  ['POST', '/set', { k: '__proto__', v: 1 }],
  ['POST', '/pop', { k: 'n' }],
  ['POST', '/regenerate', { keep: ['name', 'list'] }],
  ['GET', '/keys'],
  ['GET', '/nothing'],
  ['POST', '/destroy'],
];

const EXPECTED: readonly string[] = [
  '200 {"ok":true}',
  '200 {"handle":null,"isNew":true,"createdAt":null,"expiresAt":null}',
  '200 {"ok":true} set',
  '200 {"value":"Änn <&> \\"ann\\" \u2028"}',
  '200 {"ok":true,"value":1}',
  '200 {"ok":true,"value":2}',
  '200 {"ok":true,"value":[[1,{"a":null}]]}',
  '200 {"ok":true}',
  '200 {"value":[[1,{"a":null}],2.5]}',
  '200 {"handle":"HANDLE","isNew":false,"createdAt":"DATE","expiresAt":"DATE"}',
  '200 {"ok":true}',
  '500 {"error":{"code":"INTERNAL","message":"Something went wrong."}}',
  '302 Found. Redirecting to /keys',
  '200 Your coat is on hook 7.\n',
  '400 {"error":{"code":"KEY_FORBIDDEN","message":"The key __proto__ cannot be stored in a session. Choose another name."}}',
  '200 {"ok":true,"value":2}',
  '200 {"ok":true} set',
  '200 {"keys":["name","list"]}',
  '404 {"error":{"code":"NOT_FOUND","message":"There is no such route."}}',
  '200 {"ok":true} deleted',
];

const SAME = 'the same script is answered with the same bytes';

testCells([...CELLS, ...REDIS_CELLS, ...MORE_CELLS], SAME, (adapter, store) => expectSame(adapter, store, {}));

for (const adapter of ADAPTERS) {
  test.each(['none', 'denylist'])(`${adapter}, sealed cookies, revocation %s: ${SAME}`, (revocation) =>
    expectSame(adapter, 'sqlite', { ...SEALED, REVOCATION: revocation }),
  );
}

async function expectSame(adapter: string, store: string, env: Env): Promise<void> {
  const app = await start({ ...(await cell(adapter, store)), ...env });
  const visitor = new Visitor(app.port);
  const lines: string[] = [];
  for (const [method, path, body] of SCRIPT) {
    const told = method === 'GET' ? await visitor.get(path) : await visitor.post(path, body);
    // A sealed cookie is the session, so it is sent with every change.
    const cookies = env.MODE === 'cookie' ? '' : cookieOf(told);
    lines.push(`${told.status} ${masked(told.text)}${cookies}`);
  }
  expect(lines).toEqual(env.MODE === 'cookie' ? EXPECTED.map((line) => line.replace(/ (set|deleted)$/, '')) : EXPECTED);
  expect(visitor.jar.names()).toEqual([]);
  await app.stop();
}

function masked(body: string): string {
  return body
    .replace(/"handle":"[\w-]{22}"/, '"handle":"HANDLE"')
    .replace(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/g, '"DATE"');
}

function cookieOf({ setCookie }: Told): string {
  if (setCookie.length === 0) return '';
  return setCookie.some((cookie) => cookie.includes('Max-Age=0')) ? ' deleted' : ' set';
}
