import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { testStore } from '../../src/testing/index.ts';
import { BROKEN_STORES, broken } from './broken-stores.ts';

const RACE = 'an update that races a destroy never brings the record back';
const COPIES = 'hands out copies: changes to what was read do not reach the store';

/** Every test that fails on each of the broken stores, in the suite's order. */
const FAILING: Readonly<Record<string, readonly string[]>> = {
  'an update that gets first and sets later': [
    '50 parallel increments by compare-and-set give 50, and conflicts happen',
    'of 50 parallel updates of one version exactly one is ok, and its document stays',
    RACE,
  ],
  'a touch that revives': ['touch never revives a destroyed record', RACE],
  'a create that overwrites': [
    'create never overwrites: the record stays, and the answer is exists',
    'create does not overwrite an expired record either',
    'create does not overwrite a closed record either',
    COPIES,
    'a create that finds the key taken does not give the record away to its owner',
    'of 50 parallel creates of one key exactly one is ok',
  ],
  'a destroy that throws where nothing is': [
    'destroy says whether the record was there, and once more is no error',
    'destroy takes the key off its owner’s list',
    'of 50 parallel destroys of one key exactly one says that it was there',
  ],
  'a sweep that ignores the expiry': [
    'sweep deletes expired records and no others, at most as many at once as it may',
    'sweep says 0 where nothing is expired at the time given',
    'sweep leaves a record whose expiry was moved, by update or by touch',
    'a record that is renewed while a sweep runs is either renewed and there, or gone and said to be so',
  ],
  'records that are handed out by reference': [
    COPIES,
    'hands out records of its own: what is done to one, or to the owner given, does not reach the store',
  ],
  'an index that is written before the record': [
    'create writes a record before its owner’s list names it',
    'destroy deletes a record before its owner’s list drops it',
  ],
  'versions that count from 1 for each new record': [
    'a version does not come back when the record is destroyed and created anew',
  ],
};

/** What fails on one of the broken stores and on no other. */
function itsOwn(mistake: string): string[] {
  const others = Object.keys(FAILING).filter((other) => other !== mistake);
  return (FAILING[mistake] ?? []).filter((name) => !others.some((other) => FAILING[other]?.includes(name)));
}

/** The names of the tests that fail when the published suite runs on a store, as a runner would say them. */
async function failing(store: Store): Promise<string[]> {
  const [tests, names]: [(readonly [string, () => Promise<void>])[], string[]] = [[], []];
  const runner = {
    test: (name: string, run: () => Promise<void>) => tests.push([name.replace('it: ', ''), run]),
    skip: (name: string) => expect.unreachable(name),
  };
  // The memory store has neither, and a skipped case would show nothing of the broken verbs.
  const whole = Object.assign(store, {
    readMany: (keys: readonly string[]) => Promise.all(keys.map((key) => store.read(key))),
    close: async () => undefined,
  });
  await testStore('it', () => whole, runner);
  for (const [name, run] of tests) await run().catch(() => names.push(name));
  return names;
}

describe('the published store suite on stores that break one promise each', () => {
  test.each(Object.entries(BROKEN_STORES))('%s fails these tests and no others', async (mistake, verbs) => {
    expect(await failing(broken(verbs))).toEqual(FAILING[mistake]);
  });

  test.each(Object.keys(BROKEN_STORES))('%s fails a test that none of the others fails', (mistake) => {
    expect(itsOwn(mistake)).not.toEqual([]);
  });

  test('none fails on the store that they were made of', async () => {
    expect(await failing(broken(() => ({})))).toEqual([]);
  });

  test('docs/write-a-store.md says which test catches each of them', () => {
    const page = readFileSync(new URL('../../docs/write-a-store.md', import.meta.url), 'utf8');
    const [, section = ''] = page.split('\n## What the suite catches\n');
    const rows = [...section.matchAll(/^\| ([^|]+) \| ([^|]+) \| `([^`]+)` \|$/gm)];
    expect(rows.map(([, mistake]) => mistake)).toEqual(Object.keys(BROKEN_STORES));
    for (const [, mistake = '', , name] of rows) expect(itsOwn(mistake)).toContain(name);
  });
});
