import { expect, test } from 'vitest';
import { createCsrf } from '../../src/csrf/index.ts';
import type { CsrfDecision } from '../../src/csrf/options.ts';
import { codeOf, setup } from '../interface/harness.ts';

const OWN = 'https://app.example';
const FRIEND = 'https://friend.example';

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'get', 'post', ''];
const SAFE = ['GET', 'HEAD', 'OPTIONS'];
const SITES = [
  undefined,
  'same-origin',
  'none',
  'same-site',
  'cross-site',
  'same-origin, cross-site',
  'Same-Origin',
  'garbage',
  '',
];
const GOOD_SITES = ['same-origin', 'none'];
const ORIGINS = [
  undefined,
  OWN,
  FRIEND,
  'http://app.example',
  'https://app.example:8443',
  'https://app.example.evil',
  'https://APP.example',
  `${OWN}/`,
  `${OWN}, ${OWN}`,
  'https://sub.app.example',
  'https://friend.example:443',
  'null',
  '',
  'not an origin',
];
const COOKIES = ['none', 'foreign', 'session', 'csrf'] as const;
const TOKENS = ['none', 'good', 'bad'] as const;

type Row = readonly [
  method: string,
  site: string | undefined,
  origin: string | undefined,
  cookie: (typeof COOKIES)[number],
  token: (typeof TOKENS)[number],
];

/** What part E of the requirements says, step by step. */
function expected([method, site, origin, cookie, token]: Row, required: boolean): string {
  if (SAFE.includes(method)) return 'allowed';
  const byToken = token === 'good' ? 'allowed' : token === 'bad' ? 'CSRF_TOKEN_INVALID' : 'CSRF_TOKEN_MISSING';
  const afterHeaders = required ? byToken : 'allowed';
  if (site !== undefined) return GOOD_SITES.includes(site) || origin === FRIEND ? afterHeaders : 'CSRF_FOREIGN';
  if (origin !== undefined) return origin === OWN || origin === FRIEND ? afterHeaders : 'CSRF_FOREIGN';
  if (cookie === 'session' || cookie === 'csrf') return byToken;
  return afterHeaders;
}

test.each(['fallback', 'required'] as const)(
  'the whole table of method, Sec-Fetch-Site, Origin, cookie and token, with tokens: %s',
  { timeout: 60_000 },
  async (tokens) => {
    const decisions: CsrfDecision[] = [];
    const csrf = createCsrf({
      tokens,
      publicOrigin: OWN,
      allowedOrigins: [FRIEND],
      onDecision: (decision) => decisions.push(decision),
    });
    const { browser, newBrowser, store } = setup();
    await browser.visit((session) => session.set('visits', 1));
    // A visitor whom nobody has logged in, with a token of the cookie; and one who is, with one of the session.
    let guestToken = '';
    const { setCookie } = await newBrowser().visit((session) => {
      guestToken = csrf.csrfToken(session);
    });
    const guest = setCookie[0]?.split(';')[0];
    const member = newBrowser();
    await member.visit((session) => session.set('user', 'ann'));
    let memberToken = '';
    await member.visit((session) => {
      memberToken = csrf.csrfToken(session);
    });
    const cookies = { none: undefined, foreign: 'theme=dark', session: member.cookie, csrf: guest };
    let opened = 0;
    const before = store.calls.length;
    const seen = new Map<string, number>();
    const wrong: unknown[] = [];
    for (const method of METHODS)
      for (const site of SITES)
        for (const origin of ORIGINS)
          for (const cookie of COOKIES)
            for (const token of TOKENS) {
              const row: Row = [method, site, origin, cookie, token];
              // Without a cookie of ours there is nothing that a token could be bound to.
              if (token === 'good' && (cookie === 'none' || cookie === 'foreign')) continue;
              const good = cookie === 'session' ? memberToken : guestToken;
              const shown = { none: undefined, good, bad: `${good.slice(0, -2)}AA` }[token];
              const headers: Record<string, string | undefined> = {
                'sec-fetch-site': site,
                origin,
                'x-csrf-token': shown,
              };
              const session = await sessionWith(cookies[cookie]);
              const told = await csrf
                .check({ method, cookie: cookies[cookie], header: (name) => headers[name] }, session)
                .then(() => 'allowed', codeOf);
              if (told !== expected(row, tokens === 'required')) wrong.push([...row, told]);
              seen.set(String(told), (seen.get(String(told)) ?? 0) + 1);
            }
    expect(wrong).toEqual([]);
    expect([...seen.keys()].sort()).toEqual(['CSRF_FOREIGN', 'CSRF_TOKEN_INVALID', 'CSRF_TOKEN_MISSING', 'allowed']);
    // Only reads of sessions that were presented: one each, by `open`, and none by the check.
    const verbs = store.calls.slice(before).map(({ verb }) => verb);
    expect(new Set(verbs)).toEqual(new Set(['read']));
    expect(verbs).toHaveLength(opened);
    expect(decisions.filter(({ allowed }) => allowed).length).toBeGreaterThan(100);
    expect(decisions.some(({ unclear, by }) => unclear && by === 'token')).toBe(true);

    async function sessionWith(cookie: string | undefined) {
      if (cookie === member.cookie) opened++;
      return (await newBrowser(cookie).begin()).session;
    }
  },
);

test('the text of a refusal names the check, and says nothing of the session', async () => {
  const csrf = createCsrf({ publicOrigin: OWN });
  const ask = (headers: Record<string, string>) =>
    csrf
      .check({ method: 'POST', cookie: '__Host-session=x', header: (name) => headers[name] })
      .then(undefined, ({ code, status, message }) => [code, status, message]);
  expect(await ask({ 'sec-fetch-site': 'cross-site' })).toEqual([
    'CSRF_FOREIGN',
    403,
    'This request comes from another site, by its header Sec-Fetch-Site.',
  ]);
  expect(await ask({ origin: 'null' })).toEqual([
    'CSRF_FOREIGN',
    403,
    'This request comes from another site, by its header Origin.',
  ]);
  expect(await ask({})).toEqual([
    'CSRF_TOKEN_MISSING',
    403,
    'This request needs a CSRF token, in the field csrf_token or the header X-CSRF-Token, and has none.',
  ]);
  expect(await ask({ 'x-csrf-token': 'x' })).toEqual([
    'CSRF_TOKEN_INVALID',
    403,
    'The CSRF token does not count any more. Load the page again.',
  ]);
});
