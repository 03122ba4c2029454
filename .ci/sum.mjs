// Adds up the results of all test runs and prints them as the last line: node .ci/sum.mjs FOLDER [FAILED STEP]...
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { storeOf, storesOf, suiteProblems } from './same-suite.mjs';

const [folder, ...failedSteps] = process.argv.slice(2);
let passed = 0;
let skipped = 0;
let failedTests = 0;
const stores = storesOf(new URL('..', import.meta.url));
/** What vitest tells of the tests of each store. */
const byStore = new Map();
/** Only where its emulator is found, which no registry has. */
const RARE = ['datastore'];

for (const name of readdirSync(folder).filter((file) => /^results-.*\.json$/.test(file))) {
  for (const file of JSON.parse(readFileSync(join(folder, name), 'utf8')).testResults) {
    const failures = file.assertionResults.filter((test) => test.status === 'failed').length;
    const ran = file.assertionResults.filter((test) => test.status === 'passed').length;
    passed += ran;
    const store = storeOf(file.name, stores);
    if (store !== undefined) byStore.set(store, [...(byStore.get(store) ?? []), ...file.assertionResults]);
    // A file that does not even load has no tests to count, and has failed all the same.
    failedTests += file.status === 'failed' ? Math.max(1, failures) : failures;
    for (const test of file.assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed')) {
      skipped += 1;
      console.log(`skipped (${name.slice('results-'.length, -'.json'.length)}): ${test.fullName}`);
    }
  }
}

// With CI=true every store that can be had must have run.
const problems = suiteProblems(byStore, stores, process.env.CI === 'true' ? RARE : stores);
for (const problem of problems) console.log(problem);
failedTests += problems.length;

// A test run is a step as well: it is not counted beside the tests that made it fail.
const testRuns = failedSteps.filter((step) => /^tests$|^SQLite under /.test(step));
const otherSteps = failedSteps.length - testRuns.length;
const failed = otherSteps + (failedTests === 0 ? testRuns.length : failedTests);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
