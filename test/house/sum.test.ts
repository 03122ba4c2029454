import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { storeCases } from '../../src/testing/store-suite.ts';

const SUM = fileURLToPath(new URL('../../.ci/sum.mjs', import.meta.url));
const { exports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const STORES = ['memory', 'redis', 'postgres', 'mongodb', 'datastore'];
const ALL = Object.keys(exports)
  .map((subpath) => /^\.\/store\/(?!contract$|encrypted$|migrating$)([a-z]+)$/.exec(subpath)?.[1])
  .filter((store) => store !== undefined);

interface Result {
  title: string;
  fullName: string;
  status: 'passed' | 'failed' | 'skipped';
}

/** What vitest would tell of the suite on a store. */
const suiteOn = (store: string): Result[] =>
  storeCases().map(({ name }) => ({ title: `${store}: ${name}`, fullName: `${store}: ${name}`, status: 'passed' }));

/** Sums up results in which some stores are another way; what is printed, and the last line of it. */
function sum(change: Readonly<Record<string, (tests: Result[]) => Result[]>>, CI = 'true'): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-sum-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const testResults = ALL.map((store) => ({
    name: `/anywhere/test/store/${store}.test.ts`,
    status: 'passed',
    assertionResults: change[store]?.(suiteOn(store)) ?? suiteOn(store),
  }));
  writeFileSync(join(folder, 'results-node20.json'), JSON.stringify({ testResults }));
  const { stdout } = spawnSync(process.execPath, [SUM, folder], { env: { CI }, encoding: 'utf8' });
  return stdout.trim().split('\n');
}

const skip = (reason: string) => (tests: Result[]) =>
  tests.map((one, at): Result => {
    const title = `${one.title}${reason}`;
    return at === 3 ? { title, fullName: title, status: 'skipped' } : one;
  });
const absent = (): Result[] => [
  { title: 'runs', fullName: 'the store suite on X (skipped: there is no X) runs', status: 'skipped' },
];
const count = ALL.length * storeCases().length;

test('the sum is green where the suite is the same on each store, with a reason for each skip', () => {
  expect(ALL).toEqual(expect.arrayContaining(STORES));
  expect(sum({}).at(-1)).toBe(`${count} passed, 0 failed`);
  expect(sum({ redis: skip(' (skipped: the store says scan: false)') }).at(-1)).toBe(
    `${count - 1} passed, 0 failed, 1 skipped`,
  );
});

test.each([
  ['lacks a case', { redis: (tests: Result[]) => tests.slice(1) }, /^redis lacks a test of the store suite: /],
  [
    'calls a case otherwise',
    { mongodb: (tests: Result[]) => tests.map((one, at) => (at === 2 ? { ...one, title: 'mongodb: works' } : one)) },
    /^mongodb lacks a test/,
  ],
  ['skips a case without a reason', { postgres: skip('') }, /^postgres: a skip without a reason: postgres: /],
  ['runs nothing', { redis: absent }, /^no test of redis ran$/],
  ['has no tests at all', { redis: () => [] }, /^no test of redis ran$/],
])('it is red where a store %s', (_what, change, told) => {
  const lines = sum(change);
  expect(lines.filter((line) => told.test(line))).toHaveLength(1);
  expect(lines.at(-1)).toMatch(/ passed, 1 failed/);
});

test('a store whose server is not here is no failure where nobody promised it', () => {
  expect(sum({ datastore: absent }).at(-1)).toMatch(/ passed, 0 failed, 1 skipped$/);
  expect(sum({ redis: absent }, '').at(-1)).toMatch(/ passed, 0 failed, 1 skipped$/);
});
