import { afterEach, describe, expect, test, vi } from 'vitest';
import { block, browse, form, pageBlocks, run, scratch } from './blocks.ts';
import { runPython, withoutFlask } from './python.ts';

const PAGE = 'docs/from-flask.md';

/** `GET /path` or `POST /path field=value`, and what is expected: status and text, and the cookie where it matters. */
type Step = readonly [request: string, answer: string, cookie?: string];

/** What both applications under a heading must answer, whatever language they are written in. */
const SCENES: Readonly<Record<string, readonly Step[]>> = {
  'Login by hand': [
    ['GET /', '200 You are not logged in'],
    ['POST /login user=ann', '302'],
    ['GET /', '200 Logged in as ann'],
    ['POST /logout', '302'],
    ['GET /', '200 You are not logged in'],
  ],
  'The dictionary': [
    ['GET /', '200 1 lang,theme,visits no note False'],
    ['GET /', '200 2 lang,theme,visits no note False'],
    ['GET /clear', '200 0'],
    ['GET /', '200 1 lang,theme,visits no note False'],
  ],
  'Values edited in place': [
    ['GET /add/tea', '200 tea'],
    ['GET /add/milk', '200 tea,milk'],
    ['GET /add/oats', '200 tea,milk,oats'],
  ],
  'Flash messages': [
    ['GET /', '200 ; '],
    ['GET /flash/info/one', '200 ok'],
    ['GET /flash/error/two', '200 ok'],
    ['GET /flash/message/one', '200 ok'],
    ['GET /', '200 two; info:one error:two message:one'],
    ['GET /', '200 ; '],
  ],
  'Permanent sessions': [
    ['GET /stay', '200 ok', 'in 5 days'],
    ['GET /leave', '200 ok', 'with the browser'],
  ],
  'Cookie options': [['GET /shop', '200 ok', 'shop=; Secure; HttpOnly; Path=/shop; SameSite=Strict']],
  Secrets: [
    ['GET /', '200 1'],
    ['GET /', '200 2'],
  ],
  'An interface of your own': [['GET /', '200 ok', 'plain=; Path=/']],
  'A serializer of your own': [
    ['GET /pay', '200 ok'],
    ['GET /', '200 Money 250'],
  ],
};

/** Of a Set-Cookie value what a step says of it: when it ends, or all but the value. */
function told(cookie: string | undefined, like: string | undefined): string | undefined {
  if (cookie === undefined || like === undefined) return undefined;
  if (like.includes('=')) return cookie.replace(/=[^;]*/, '=');
  const expires = /; Expires=([^;]*)/.exec(cookie)?.[1];
  if (expires === undefined) return 'with the browser';
  return `in ${Math.round((Date.parse(expires) - Date.now()) / 86_400_000)} days`;
}

const DRIVER = `
import json, sys
from urllib.parse import parse_qsl
_client = app.test_client()
_answers = []
for _request in json.loads(sys.stdin.read()):
    _method, _path, *_rest = _request.split(" ")
    _r = _client.open(_path, method=_method, data=dict(parse_qsl(_rest[0])) if _rest else None, base_url="https://example.test")
    _answers.append([_r.status_code, _r.text, (_r.headers.getlist("Set-Cookie") or [None])[0]])
print(json.dumps(_answers))
`;

const SECRETS = { SECRET_KEY: '4yGQ0pZkT9vXr2LwHn7mBc5sDf8aUe1J', OLD_SECRET_KEY: 'oN6qHt3YxWb8KdRz5uJm0VcFg7SpLe2A' };

function check(
  steps: readonly Step[],
  answers: readonly (readonly [status: number, text: string, cookie: string | null | undefined])[],
): void {
  const seen = steps.map(([request, , like], at) => {
    const [status, text, cookie] = answers[at] ?? [0, ''];
    // What a redirect says in its body is each framework's own.
    const answer = status === 302 ? '302' : `${status} ${text}`;
    return like === undefined ? [request, answer] : [request, answer, told(cookie ?? undefined, like)];
  });
  expect(seen).toEqual(steps);
}

afterEach(() => vi.unstubAllEnvs());

describe.skipIf(withoutFlask)('docs/from-flask.md on Flask', () => {
  test.each(Object.entries(SCENES))('%s', (heading, steps) => {
    const requests = JSON.stringify(steps.map(([request]) => request));
    check(steps, JSON.parse(runPython(`${block(PAGE, heading, 'python').code}\n${DRIVER}`, requests, SECRETS)));
  });

  test('Tests', () => {
    runPython(block(PAGE, 'Tests', 'python').code);
  });
});

describe('docs/from-flask.md in TypeScript', () => {
  test.each(Object.entries(SCENES))('%s', async (heading, steps) => {
    for (const [name, value] of Object.entries(SECRETS)) vi.stubEnv(name, value);
    const { app } = await run(block(PAGE, heading));
    await browse(app, async (visit) => {
      const answers: [status: number, text: string, cookie: string | undefined][] = [];
      for (const [request] of steps) {
        const [method, path = '', fields] = request.split(' ');
        const post = form(Object.fromEntries(new URLSearchParams(fields)));
        const { status, text, cookies } = await visit(path, method === 'POST' ? post : undefined);
        answers.push([status, text, cookies[0]]);
      }
      check(steps, answers);
    });
  });

  test('Sessions on the server: a count survives a restart', async () => {
    const before = process.cwd();
    process.chdir(scratch());
    try {
      const of = block(PAGE, 'Sessions on the server');
      const first = await run(of);
      let cookie = '';
      await browse(first.app, async (visit) => {
        cookie = (await visit('/')).cookies[0]?.split(';')[0] ?? '';
      });
      await first.sessions.close();
      const second = await run(of);
      await browse(second.app, async (visit) => {
        expect((await visit('/', { headers: { cookie } })).text).toBe('2');
      });
      await second.sessions.close();
    } finally {
      process.chdir(before);
    }
  });

  test('A new id at login: the old ticket is worth nothing', async () => {
    const { app } = await run(block(PAGE, 'A new id at login'));
    await browse(app, async (visit) => {
      const first = await visit('/login', form({ user: 'ann' }));
      const second = await visit('/login', form({ user: 'ann' }));
      expect(first.cookies).toHaveLength(1);
      expect(second.cookies).toHaveLength(1);
      expect(second.cookies[0]).not.toBe(first.cookies[0]);
    });
  });

  test('Tests', async () => {
    await run(block(PAGE, 'Tests'));
  });
});

test('every block of docs/from-flask.md is run by a test, but the Python ones that say why not', () => {
  // The last one is run by from-quart-session.test.ts.
  const own = ['Sessions on the server', 'A new id at login', 'Tests', 'From Quart-Session'];
  const names = [...Object.keys(SCENES), ...own].sort();
  const blocks = pageBlocks(PAGE);
  const of = (language: string) =>
    blocks.filter((one) => one.language === language && one.runs).map(({ name }) => name);
  expect(of('ts').sort()).toEqual(names);
  expect(of('python').sort()).toEqual([...Object.keys(SCENES), 'Tests'].sort());
});
