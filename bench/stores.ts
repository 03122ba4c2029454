/**
 * What a store costs over its driver: `npm run bench:stores`, or `npm run bench:stores -- redis postgres`.
 *
 * The same command is given to the driver by hand and by the store, in slices that alternate, 32 at once, with a document
 * of about 1 KB. What is counted is the CPU of this process, so not the server's. `--write` keeps the figures in
 * bench/stores.json, from which the table in docs/stores is made.
 */
import { writeFileSync } from 'node:fs';
import { contest, type Figures } from './stores/contest.ts';
import { CONTESTANTS } from './stores/contestants.ts';

const BOUND = 1.15;
const ROUNDS = 9;

const named = process.argv.slice(2).filter((name) => !name.startsWith('--'));
const write = process.argv.includes('--write');
const unknown = named.filter((name) => !Object.hasOwn(CONTESTANTS, name));
if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}: ${Object.keys(CONTESTANTS).join(', ')}.`);

const told = ({ raw, store, ratio, spread: [low, high] }: Figures): string =>
  `driver ${raw.toFixed(1)} us, store ${store.toFixed(1)} us, ratio ${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})${ratio > BOUND ? '  OVER' : ''}`;

const results: Record<string, { name: string; read: Figures; update: Figures }> = {};
for (const [key, open] of Object.entries(CONTESTANTS)) {
  if (named.length > 0 && !named.includes(key)) continue;
  const one = await open();
  try {
    const { read, update } = await contest(one, ROUNDS);
    results[key] = { name: one.name, read, update };
    console.log(`${one.name}\n  read    ${told(read)}\n  update  ${told(update)}`);
  } finally {
    await one.stop();
  }
}
if (write) {
  const kept = { node: process.version, rounds: ROUNDS, results };
  writeFileSync(new URL('stores.json', import.meta.url), `${JSON.stringify(kept, undefined, 2)}\n`);
}
const over = Object.values(results)
  .flatMap(({ read, update }) => [read, update])
  .filter(({ ratio }) => ratio > BOUND);
console.log(`${over.length === 0 ? 'All' : `All but ${over.length}`} within ${BOUND}.`);
process.exitCode = over.length === 0 ? 0 : 1;
