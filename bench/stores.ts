/**
 * What a store costs over its driver: `npm run bench:stores`, or `npm run bench:stores -- redis postgres`.
 *
 * The same command is given to the driver by hand and by the store, in slices that alternate, 32 at once, with a document
 * of about 1 KB. What is counted is the CPU of this process, which has a core of its own beside the server's. `--write` keeps the figures in
 * bench/stores.json, from which the table in docs/stores is made.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { contest, type Figures } from './stores/contest.ts';
import { CONTESTANTS } from './stores/contestants.ts';

const BOUND = 1.15;
const ROUNDS = 31;

const named = process.argv.slice(2).filter((name) => !name.startsWith('--'));
const write = process.argv.includes('--write');
const unknown = named.filter((name) => !Object.hasOwn(CONTESTANTS, name));
if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}: ${Object.keys(CONTESTANTS).join(', ')}.`);

/** Where there is `taskset`, and a second core. */
function stayOn(core: number): void {
  try {
    execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', `${core}`, `${process.pid}`], { stdio: 'ignore' });
  } catch {
    // Figures of cores that are shared are noisier.
  }
}

const told = ({ raw, store, ratio, spread: [low, high] }: Figures): string =>
  `driver ${raw.toFixed(1)} us, store ${store.toFixed(1)} us, ratio ${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})${ratio > BOUND ? '  OVER' : ''}`;

const results: Record<string, { name: string; read: Figures; update: Figures }> = {};
for (const [key, open] of Object.entries(CONTESTANTS)) {
  if (named.length > 0 && !named.includes(key)) continue;
  // A server stays where it was started.
  stayOn(1);
  const one = await open();
  stayOn(0);
  try {
    const { read, update } = await contest(one, ROUNDS);
    results[key] = { name: one.name, read, update };
    console.log(`${one.name}\n  read    ${told(read)}\n  update  ${told(update)}`);
  } finally {
    await one.stop();
  }
}
if (write) {
  const rounded = (_key: string, value: unknown) => (typeof value === 'number' ? Number(value.toFixed(3)) : value);
  const text = JSON.stringify({ node: process.version, rounds: ROUNDS, results }, rounded, 2);
  // A pair of numbers on one line, as the formatter wants it.
  const lines = text.replace(/\[\s+([\d.]+),\s+([\d.]+)\s+\]/g, '[$1, $2]');
  writeFileSync(new URL('stores.json', import.meta.url), `${lines}\n`);
}
const over = Object.values(results)
  .flatMap(({ read, update }) => [read, update])
  .filter(({ ratio }) => ratio > BOUND);
console.log(`${over.length === 0 ? 'All' : `All but ${over.length}`} within ${BOUND}.`);
process.exitCode = over.length === 0 ? 0 : 1;
