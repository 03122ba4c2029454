import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openFiles } from '../../src/store/file.ts';

const CHILD = fileURLToPath(new URL('./file-child.ts', import.meta.url));
/** `npm run test:kill` goes on for longer. */
const SECONDS = Number(process.env.COATCHECK_KILL_SECONDS ?? '4');
const WRITERS = 4;
const KEYS = ['0', '1', '2'].map((digit) => digit.repeat(64));
const LATER = Date.now() + 3_600_000;

interface Writer {
  readonly name: string;
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  /** How often the store has said yes to it, by key. */
  readonly counts: number[];
  conflicts: number;
  killed: boolean;
  stderr: string;
}

function write(folder: string, name: string): Writer {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, folder, name, KEYS.join()], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const writer: Writer = { name, child, ended, counts: KEYS.map(() => 0), conflicts: 0, killed: false, stderr: '' };
  child.stderr.on('data', (chunk) => {
    writer.stderr += chunk;
  });
  createInterface(child.stdout).on('line', (line) => {
    const [at = 0, conflicts = 0] = line.split(' ').map(Number);
    writer.counts[at] = (writer.counts[at] ?? 0) + 1;
    writer.conflicts += conflicts;
  });
  return writer;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

test(
  `four writers, one killed every second for ${SECONDS} s: each record is whole, each count exact, nothing is held`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coatcheck-kill-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const store = await openFiles({ folder });
    for (const key of KEYS) await store.create(key, JSON.stringify({ by: {} }), LATER);
    const all: Writer[] = [];
    const living = () => all.filter(({ killed }) => !killed);
    onTestFinished(() => {
      for (const { child } of living()) child.kill('SIGKILL');
    });
    const begin = () => all.push(write(folder, `writer${all.length}`));
    for (let writers = 0; writers < WRITERS; writers++) begin();
    const busy = () => living().filter(({ counts }) => sum(counts) > 0);
    await expect.poll(() => busy().length, { timeout: 20_000 }).toBe(WRITERS);

    let reading = true;
    let longest = 0;
    const reader = (async () => {
      while (reading) {
        for (const key of KEYS) {
          const begun = performance.now();
          const { by } = JSON.parse((await store.read(key))?.document as string) as { by: object };
          longest = Math.max(longest, performance.now() - begun);
          expect(by).toBeTypeOf('object');
        }
        await sleep(20);
      }
    })();
    for (let second = 0; second < SECONDS; second++) {
      await sleep(1000);
      const victims = busy();
      const victim = victims[Math.floor(Math.random() * victims.length)];
      if (victim === undefined) continue;
      victim.killed = true;
      victim.child.kill('SIGKILL');
      begin();
    }
    reading = false;
    await reader;
    for (const { child } of living()) child.kill('SIGTERM');
    await Promise.all(all.map(({ ended }) => ended));
    expect(all.filter(({ killed }) => killed).length).toBeGreaterThanOrEqual(SECONDS - 1);
    expect(all.map(({ stderr }) => stderr).join('')).toBe('');

    // Who was killed may have written once more than it could say.
    for (const [at, key] of KEYS.entries()) {
      const { by } = JSON.parse((await store.read(key))?.document as string) as { by: Record<string, number> };
      for (const { name, counts, killed } of all) {
        const said = counts[at] ?? 0;
        expect([said, said + (killed ? 1 : 0)], `${name} of ${key}`).toContain(by[name] ?? 0);
      }
    }
    expect(sum(all.map(({ conflicts }) => conflicts))).toBeGreaterThan(0);
    // Nobody waits for the dead.
    expect(longest).toBeLessThan(1000);

    // Everybody may write, at once, and the sweep takes away what the dead left behind.
    for (const { key, expiresAt } of (await store.scan?.(undefined, 100))?.entries ?? []) {
      expect(expiresAt).toBeGreaterThan(Date.now());
      const record = await store.read(key);
      expect(JSON.parse(record?.document as string)).toMatchObject({ by: expect.anything() });
      const begun = performance.now();
      expect(await store.update(key, record?.version ?? '', '{}', LATER)).toMatchObject({ result: 'ok' });
      expect(performance.now() - begun).toBeLessThan(1000);
    }
    const then = new Date(Date.now() - 120_000);
    const files = () => readdirSync(folder, { recursive: true }) as string[];
    for (const name of files()) utimesSync(join(folder, name), then, then);
    await store.sweep?.(0, 100);
    const left = files();
    const records = ((await store.scan?.(undefined, 100))?.entries ?? []).length;
    expect(left.filter((name) => /^documents\/..\/./.test(name))).toHaveLength(records);
    expect(left.filter((name) => /^records\/..\/[^/]+$/.test(name))).toHaveLength(records);
    expect(left.filter((name) => name.startsWith('new/'))).toEqual([]);
  },
  (SECONDS + 40) * 1000,
);
