/**
 * Sessions move between any two of Redis, PostgreSQL, SQLite and files by `coatcheck migrate`, which is killed at a third
 * and started again: `npm run migrate:scale`, or `npm run migrate:scale -- 2000`. Counts, lists of owners and a hundred
 * cookies must come over. The table on stdout has the speed of the run that went on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { storeFromUrl } from '../src/url.ts';
import { type Crowd, gather } from './migrate/crowd.ts';
import type { Start } from './migrate/killed.ts';
import { move, wrongs } from './migrate/pair.ts';
import { KINDS, type Kind, openPlaces } from './migrate/places.ts';

const SAMPLED = 100;
const BATCH = 500;
/** Sessions a second, from SQLite to Redis. */
const BOUND = 5000;

const sessions = Number(process.argv[2] ?? 100_000);
const only = process.argv[3];
const start: Start = [process.execPath, fileURLToPath(new URL('../dist/cli/index.js', import.meta.url))];
const folder = mkdtempSync(join(tmpdir(), 'coatcheck-migrate-'));
const places = await openPlaces(folder, 'on');
let failed = false;

async function fill(kind: Kind): Promise<{ url: string; crowd: Crowd }> {
  const url = await places.fresh(kind);
  const store = await storeFromUrl(url);
  try {
    return { url, crowd: await gather(store, sessions, SAMPLED, Date.now()) };
  } finally {
    await store.close?.();
  }
}

try {
  console.log(
    '| from | to | read | copied | already there | expired | closed | failed | killed at | records a second | load |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|---|---|');
  for (const from of KINDS) {
    const pairs = KINDS.filter((to) => to !== from && (only === undefined || only === `${from}-${to}`));
    if (pairs.length === 0) continue;
    const { url, crowd } = await fill(from);
    for (const to of pairs) {
      const moved = await move(start, { from: url, to: await places.fresh(to), crowd, folder, batch: BATCH });
      const { read, copied, there, expired, closed, failed: lost } = moved.migrated.total;
      const { rate } = moved.migrated;
      const cells = [
        from,
        to,
        read,
        copied,
        there,
        expired,
        closed,
        lost,
        moved.killedAt,
        rate,
        loadavg()[0]?.toFixed(1),
      ];
      console.log(`| ${cells.join(' | ')} |`);
      const problems = wrongs(moved, crowd);
      if (from === 'SQLite' && to === 'Redis' && rate < BOUND) problems.push(`${rate} records a second, not ${BOUND}`);
      for (const problem of problems) console.error(`${from} to ${to}: ${problem}`);
      failed ||= problems.length > 0;
    }
  }
} finally {
  await places.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
