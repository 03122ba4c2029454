// Whether the store suite had the same tests on each store, every skip a reason, and no store none.
import { readFileSync } from 'node:fs';

/** No stores, or around stores: they have tests of their own. */
const OTHERS = ['contract', 'encrypted', 'migrating'];
/** The store that lacks nothing: what its suite is called is what it must be called everywhere. */
const MODEL = 'memory';
const SKIPPED = / \(skipped: .+\)$/;

/** The stores of this version, by the files of their tests: those that package.json exports. */
export function storesOf(root) {
  const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  return Object.keys(exports)
    .map((subpath) => /^\.\/store\/([a-z]+)$/.exec(subpath)?.[1])
    .filter((store) => store !== undefined && !OTHERS.includes(store));
}

/** The store whose tests are in this file; undefined for another file. */
export function storeOf(file, stores) {
  const name = /\/test\/store\/([a-z]+)\.test\.ts$/.exec(file)?.[1];
  return stores.includes(name) ? name : undefined;
}

/**
 * What is wrong, a line each.
 *
 * @param results for each store its tests, as vitest tells them
 * @param absent stores whose server may be missing, so that nothing of them ran
 */
export function suiteProblems(results, stores, absent) {
  const nameOf = ({ title }) => title.replace(SKIPPED, '');
  const suite = (results.get(MODEL) ?? [])
    .map(nameOf)
    .filter((name) => name.startsWith(`${MODEL}: `))
    .map((name) => name.slice(MODEL.length));
  if (suite.length === 0) return [`no test of the store suite ran on ${MODEL}`];
  return stores.flatMap((store) => {
    const tests = results.get(store) ?? [];
    const silent = tests.filter(
      ({ status, title }) => status !== 'passed' && status !== 'failed' && !SKIPPED.test(title),
    );
    // What is skipped as a whole says why in the name of its group.
    const reasonless = silent.filter(({ fullName }) => !fullName.includes('(skipped: '));
    const problems = reasonless.map(({ fullName }) => `${store}: a skip without a reason: ${fullName}`);
    if (!tests.some(({ status }) => status === 'passed')) {
      return absent.includes(store) ? problems : [...problems, `no test of ${store} ran`];
    }
    const names = tests.map(nameOf);
    const missing = suite.filter((name) => !names.some((one) => one.endsWith(name)));
    return [...problems, ...missing.map((name) => `${store} lacks a test of the store suite${name}`)];
  });
}
