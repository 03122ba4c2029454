/**
 * A million expired records are removed from PostgreSQL and from SQLite while visitors write: `npm run scale`, or
 * `npm run scale -- 20000`. No commit may wait over 200 ms.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clean, type Waits } from './scale/clean.ts';
import { type FullStore, fullPostgres, fullSqlite } from './scale/stores.ts';

const BOUND_MS = 200;
/** How long visitors come before anything is removed. */
const QUIET_MS = 10_000;
const expired = Number(process.argv[2] ?? 1_000_000);
const folder = mkdtempSync(join(tmpdir(), 'coatcheck-scale-'));

const STORES: readonly (readonly [string, () => Promise<FullStore>])[] = [
  ['PostgreSQL', () => fullPostgres(expired)],
  ['SQLite', () => fullSqlite(expired, folder)],
];

let failed = false;
try {
  for (const [name, open] of STORES) {
    const full = await open();
    try {
      const { removed, seconds, before, meanwhile } = await clean(full, QUIET_MS);
      const over = meanwhile.max > BOUND_MS || removed !== expired;
      failed ||= over;
      console.log(
        `${name}: ${removed} expired records removed in ${seconds.toFixed(1)} s, ${rate(removed, seconds)} a second`,
      );
      console.log(`  before:    ${line(before)}`);
      console.log(`  meanwhile: ${line(meanwhile)}, bound ${BOUND_MS} ms${over ? '  OVER' : ''}`);
    } finally {
      await full.stop();
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

function rate(removed: number, seconds: number): number {
  return Math.round(removed / seconds);
}

function line({ writes, median, p99, max }: Waits): string {
  const [middle, most, longest] = [median, p99, max].map((ms) => `${ms.toFixed(1)} ms`);
  return `${writes} requests wrote, median ${middle}, p99 ${most}, longest ${longest}`;
}
