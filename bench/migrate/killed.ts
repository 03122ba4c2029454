import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Count } from '../../src/cli/migrate/counts.ts';

type Row = Readonly<Record<Count, number>>;

/** What `coatcheck migrate --json` says. */
export interface Migrated {
  readonly done: boolean;
  readonly spaces: Readonly<Record<string, Row>>;
  readonly total: Row;
  readonly index: Row;
  readonly already: number;
  readonly ms: number;
  readonly rate: number;
}

/** What `coatcheck stats --json` says. */
export interface Stats {
  readonly spaces: Readonly<Record<string, { readonly records: number; readonly living: number }>>;
  readonly total: { readonly records: number; readonly living: number };
  readonly index: { readonly entries: number; readonly owners: number };
}

/** How the command is started: the program, and what stands before the command's own words. */
export type Start = readonly [string, ...string[]];

export async function command<T>([program, ...before]: Start, words: readonly string[]): Promise<T> {
  const { stdout } = await promisify(execFile)(program, [...before, ...words, '--json'], { maxBuffer: 1 << 24 });
  return JSON.parse(stdout) as T;
}

/** Migrates, kills the process when it has noted so many records, and goes on with a new one. */
export async function migrateKilled(
  start: Start,
  { from, to, folder, killAt, batch }: { from: string; to: string; folder: string; killAt: number; batch: number },
): Promise<{ readonly killedAt: number; readonly migrated: Migrated }> {
  const state = join(folder, 'state.json');
  const words = ['migrate', '--from', from, '--to', to, '--state', state, '--batch', String(batch)];
  const [program, ...before] = start;
  const child = spawn(program, [...before, ...words], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  while (noted(state) < killAt && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 1));
  child.kill('SIGKILL');
  await ended;
  const killedAt = child.signalCode === 'SIGKILL' ? noted(state) : 0;
  return { killedAt, migrated: await command<Migrated>(start, words) };
}

/** How many records the note speaks of. */
function noted(state: string): number {
  if (!existsSync(state)) return 0;
  const { counts } = JSON.parse(readFileSync(state, 'utf8')) as { counts: { spaces: Record<string, Row> } };
  return Object.values(counts.spaces).reduce((sum, { read }) => sum + read, 0);
}
