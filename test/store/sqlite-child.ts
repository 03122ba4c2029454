import { openSqlite } from '../../src/store/sqlite.ts';
import { again } from '../../src/testing/store-cases/case.ts';
import { testDriver } from './drivers.ts';

/**
 * A process of its own on the shared file. `increment`: so many increments of one key, by compare-and-set. `hold`:
 * holds the write lock for so many milliseconds after saying so.
 */
const [, , job = '', driverName = '', path = '', key = '', count = '0'] = process.argv;
const driver = await testDriver(driverName);
const database = driver.open(path);

if (job === 'hold') {
  database.exec('BEGIN IMMEDIATE');
  process.send?.('held');
  await new Promise((resolve) => setTimeout(resolve, Number(count)));
  database.exec('COMMIT');
  process.send?.('released');
} else {
  database.exec('PRAGMA journal_mode = WAL');
  const store = await openSqlite({ database });
  let [conflicts, busy] = [0, 0];
  const counting = <T>(call: () => Promise<T>): Promise<T> =>
    again(() =>
      call().catch((error: { code?: string; retryable?: boolean; outcome?: string }) => {
        if (error.code !== 'STORE_FAILED' || error.retryable !== true || error.outcome !== 'none') throw error;
        busy++;
        throw error;
      }),
    );
  const increment = async (): Promise<void> => {
    for (;;) {
      const record = await counting(() => store.read(key));
      if (record === undefined) throw new Error('the record is gone');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 2));
      const { n } = JSON.parse(record.document as string) as { n: number };
      const next = JSON.stringify({ n: n + 1, fill: 'x'.repeat(2000) });
      const answer = await counting(() => store.update(key, record.version, next, record.expiresAt));
      if (answer.result === 'ok') return;
      conflicts++;
    }
  };
  // Writes to other keys between them keep the lock busy.
  let done = false;
  const noise = async (): Promise<void> => {
    for (let i = 0; !done; i++) {
      await counting(() => store.put(`noise:${process.pid}:${i % 20}`, 'y'.repeat(5000), Date.now() + 1e6));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const noises = [noise(), noise()];
  for (let left = Number(count); left > 0; left -= 5) {
    await Promise.all(Array.from({ length: Math.min(5, left) }, increment));
  }
  done = true;
  await Promise.all(noises);
  process.send?.({ conflicts, busy });
}
database.close();
process.disconnect?.();
