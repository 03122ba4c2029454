import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSqlite } from '../../src/store/sqlite.ts';
import { again } from '../../src/testing/store-cases/case.ts';
import { built } from '../support/built.ts';
import { testDrivers } from './drivers.ts';

const CHILD = fileURLToPath(new URL('./sqlite-child.ts', import.meta.url));
const KEY = 'c'.repeat(64);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coatcheck-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(job: string, driver: string, path: string, count: number): ChildProcess {
  return fork(built(CHILD), [job, driver, path, KEY, String(count)]);
}

function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (told) => resolve(told as T));
    child.once('exit', (code) => reject(new Error(`the child ended with ${code} before it said anything`)));
  });
}

const ended = (child: ChildProcess): Promise<unknown> =>
  child.exitCode === null ? new Promise((resolve) => child.once('exit', resolve)) : Promise.resolve();

for (const driver of await testDrivers()) {
  const name = driver.missing ? `${driver.name} (skipped: ${driver.missing})` : driver.name;
  describe.skipIf(driver.missing !== undefined)(`several processes on one file, ${name}`, () => {
    test('count to exactly the sum of their increments, with conflicts and locks met on the way', async () => {
      const path = join(folder, `${driver.name.replace(':', '-')}-count.db`);
      const database = driver.open(path);
      database.exec('PRAGMA journal_mode = WAL');
      const store = await openSqlite({ database });
      await store.create(KEY, JSON.stringify({ n: 0 }), Date.now() + 3_600_000);
      const children = Array.from({ length: 3 }, () => start('increment', driver.name, path, 100));
      const told = await Promise.all(children.map((child) => message<{ conflicts: number; busy: number }>(child)));
      await Promise.all(children.map(ended));
      const record = await store.read(KEY);
      expect(JSON.parse(record?.document as string).n).toBe(300);
      expect(told.reduce((sum, { conflicts }) => sum + conflicts, 0)).toBeGreaterThan(0);
      expect(told.reduce((sum, { busy }) => sum + busy, 0)).toBeGreaterThan(0);
      // No connection was left in an old snapshot: this one, which only read, still writes.
      await again(() => store.put(KEY, 'done', Date.now() + 1000));
      database.close();
    }, 60_000);

    test('a lock held for 300 ms by another process stops no event loop: each call fails at once, retryable', async () => {
      const path = join(folder, `${driver.name.replace(':', '-')}-lock.db`);
      const database = driver.open(path);
      database.exec('PRAGMA journal_mode = WAL');
      const store = await openSqlite({ database });
      const child = start('hold', driver.name, path, 300);
      expect(await message(child)).toBe('held');
      const released = message(child);
      let open = false;
      void released.then(() => {
        open = true;
      });
      const took: number[] = [];
      const errors: unknown[] = [];
      while (!open) {
        const begun = performance.now();
        const call = store.put(KEY, 'x', Date.now() + 1000);
        took.push(performance.now() - begun);
        await call.catch((error: unknown) => errors.push(error));
        expect(await store.read(KEY).then(() => 'read')).toBe('read');
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      expect(errors.length).toBeGreaterThan(20);
      for (const error of errors) {
        expect(error).toMatchObject({ code: 'STORE_FAILED', retryable: true, outcome: 'none' });
      }
      // The call's own synchronous time. The worst of all may have met the garbage collector or the other processes.
      took.sort((a, b) => a - b);
      expect(took[Math.floor(took.length * 0.95)]).toBeLessThan(20);
      await again(() => store.put(KEY, 'x', Date.now() + 1000));
      await ended(child);
      database.close();
    }, 30_000);
  });
}
