import { memoryStore } from 'coatcheck/store/memory';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashOf } from '../../examples/sched/passwords.ts';
import { Users } from '../../examples/sched/users.ts';
import { type Answer, dumpOf, NOW, PASSWORD, type Running, runSched, Visitor } from './sched-visitor.ts';

/** Of each kind. `npm run test:logins` has 200. */
const LOGINS = Number(process.env.COATCHECK_LOGINS ?? 40);

/** So many at the most, while the machine does something else beside them. */
const MOST = Math.max(LOGINS, 200);

/** How much longer the slowest kind may take than the fastest, by their medians. */
const ALIKE = 1.1;

/** As many as an account may fail before it is locked. */
const FAILURES = 10;

const KINDS = ['unknown', 'wrong', 'inactive', 'locked'] as const;
type Kind = (typeof KINDS)[number];

const store = memoryStore();
let app: Running;

beforeAll(async () => {
  const limits = { address: { failures: 1_000_000, within: '1h' } };
  app = await runSched(store, { options: { limits } });
  const users = new Users(app.sessions, () => NOW);
  const hash = await hashOf(PASSWORD);
  for (let i = 0; i * FAILURES < MOST; i++) {
    await users.add(`wrong-${i}`, hash);
    const inactive = await users.add(`inactive-${i}`, hash);
    if (inactive !== undefined) await users.setActive(inactive, false);
  }
  await users.add('locked', hash);
});

afterAll(() => app.stop());

/** The `nth` login of a kind, in a browser that nobody knows; so many for each account that only one is locked. */
async function attempt(kind: Kind, nth: number): Promise<{ answer: Answer; ms: number }> {
  const browser = new Visitor(app);
  const account = Math.floor(nth / FAILURES);
  const name = kind === 'locked' ? kind : `${kind}-${account}`;
  const password = kind === 'wrong' ? 'another coat, another ticket' : PASSWORD;
  await browser.read('/login');
  const began = performance.now();
  const answer = await browser.post('/login', { name, password, next: '/account' });
  return { answer, ms: performance.now() - began };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

test(`${LOGINS} logins of an unknown name, a wrong password, an inactive and a locked account are answered alike`, async () => {
  for (let i = 0; i < FAILURES; i++) await new Visitor(app).logIn('locked', { password: 'another coat' });
  const before = await dumpOf(store);
  const answers = new Set<string>();
  const times = new Map<Kind, number[]>(KINDS.map((kind) => [kind, []]));
  let spread = Number.POSITIVE_INFINITY;
  // All kinds in turn, each first in its turn, so that what else the machine does falls on all of them.
  for (let nth = 0; nth < LOGINS || (nth < MOST && spread >= ALIKE); nth++) {
    for (let turn = 0; turn < KINDS.length; turn++) {
      const kind = KINDS[(nth + turn) % KINDS.length] as Kind;
      const { answer, ms } = await attempt(kind, nth);
      const { status, headers, body } = answer;
      const shown = [...headers].filter(([name]) => name !== 'date');
      answers.add(JSON.stringify([status, shown, body]));
      times.get(kind)?.push(ms);
    }
    const medians = [...times.values()].map(median);
    spread = Math.max(...medians) / Math.min(...medians);
  }
  expect([...answers]).toHaveLength(1);
  expect([...answers].join()).toContain('[303,');
  expect(await dumpOf(store), 'a failed login stores nothing').toEqual(before);
  const told = KINDS.map((kind) => `${kind} ${median(times.get(kind) ?? []).toFixed(1)}`);
  expect(spread, `medians in ms: ${told.join(', ')}`).toBeLessThan(ALIKE);
}, 600_000);

test('the right password of an account that may log in is answered otherwise, so that the samples are no accident', async () => {
  const { answer } = await attempt('unknown', 0);
  const browser = new Visitor(app);
  await browser.register('ann');
  await browser.post('/logout');
  await browser.read('/login');
  const right = await browser.post('/login', { name: 'ann', password: PASSWORD, next: '/account' });
  expect([answer.location, right.location]).toEqual(['/login?failed=1&next=%2Faccount', '/account']);
});
