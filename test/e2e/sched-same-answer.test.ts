import { memoryStore } from 'coatcheck/store/memory';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashOf } from '../../examples/sched/passwords.ts';
import { Users } from '../../examples/sched/users.ts';
import { type Answer, dumpOf, NOW, PASSWORD, type Running, runSched, Visitor } from './sched-visitor.ts';

/** Of each kind. `npm run test:logins` has 200. */
const LOGINS = Number(process.env.COATCHECK_LOGINS ?? 40);

/** How much more the dearest kind may cost than the cheapest, by their medians. */
const ALIKE = 1.1;

/** By hand the clock is read too; between other tests it tells of them, and only the fastest of a kind tells of the logins. */
const BY_HAND = process.env.COATCHECK_LOGINS !== undefined;

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
  for (let i = 0; i * FAILURES < LOGINS; i++) {
    await users.add(`wrong-${i}`, hash);
    const inactive = await users.add(`inactive-${i}`, hash);
    if (inactive !== undefined) await users.setActive(inactive, false);
  }
  await users.add('locked', hash);
});

afterAll(() => app.stop());

interface Attempt {
  readonly answer: Answer;
  /** By the clock. */
  readonly ms: number;
  /** What both sides and argon2 worked for it, whatever else the machine did (ms). */
  readonly work: number;
}

/** The `nth` login of a kind, in a browser that nobody knows; so many for each account that only one is locked. */
async function attempt(kind: Kind, nth: number): Promise<Attempt> {
  const browser = new Visitor(app);
  const account = Math.floor(nth / FAILURES);
  const name = kind === 'locked' ? kind : `${kind}-${account}`;
  const password = kind === 'wrong' ? 'another coat, another ticket' : PASSWORD;
  await browser.read('/login');
  const worked = process.cpuUsage();
  const began = performance.now();
  const answer = await browser.post('/login', { name, password, next: '/account' });
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(worked);
  return { answer, ms, work: (user + system) / 1000 };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

type Summary = (values: readonly number[]) => number;

const fastest: Summary = (values) => Math.min(...values);

function spread(all: ReadonlyMap<Kind, readonly number[]>, summary: Summary = median): number {
  const values = [...all.values()].map(summary);
  return Math.max(...values) / Math.min(...values);
}

function told(all: ReadonlyMap<Kind, readonly number[]>, summary: Summary = median): string {
  return [...all].map(([kind, values]) => `${kind} ${summary(values).toFixed(1)}`).join(', ');
}

test(`${LOGINS} logins of an unknown name, a wrong password, an inactive and a locked account are answered alike`, async () => {
  for (let i = 0; i < FAILURES; i++) await new Visitor(app).logIn('locked', { password: 'another coat' });
  const before = await dumpOf(store);
  const answers = new Set<string>();
  const times = new Map<Kind, number[]>(KINDS.map((kind) => [kind, []]));
  const works = new Map<Kind, number[]>(KINDS.map((kind) => [kind, []]));
  // All kinds in turn, each first in its turn, so that what else the machine does falls on all of them.
  for (let nth = 0; nth < LOGINS; nth++) {
    for (let turn = 0; turn < KINDS.length; turn++) {
      const kind = KINDS[(nth + turn) % KINDS.length] as Kind;
      const { answer, ms, work } = await attempt(kind, nth);
      const { status, headers, body } = answer;
      const shown = [...headers].filter(([name]) => name !== 'date');
      answers.add(JSON.stringify([status, shown, body]));
      times.get(kind)?.push(ms);
      works.get(kind)?.push(work);
    }
  }
  expect([...answers]).toHaveLength(1);
  expect([...answers].join()).toContain('[303,');
  expect(await dumpOf(store), 'a failed login stores nothing').toEqual(before);
  expect(spread(works), `medians of work in ms: ${told(works)}`).toBeLessThan(ALIKE);
  if (BY_HAND) expect(spread(times), `medians by the clock in ms: ${told(times)}`).toBeLessThan(ALIKE);
  else expect(spread(times, fastest), `the fastest in ms: ${told(times, fastest)}`).toBeLessThan(2);
}, 120_000);

test('the right password of an account that may log in is answered otherwise, so that the samples are no accident', async () => {
  const { answer } = await attempt('unknown', 0);
  const browser = new Visitor(app);
  await browser.register('ann');
  await browser.post('/logout');
  await browser.read('/login');
  const right = await browser.post('/login', { name: 'ann', password: PASSWORD, next: '/account' });
  expect([answer.location, right.location]).toEqual(['/login?failed=1&next=%2Faccount', '/account']);
});
