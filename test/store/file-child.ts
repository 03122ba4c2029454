import { writeSync } from 'node:fs';
import { openFiles } from '../../src/store/file.ts';

/**
 * A writer that may be killed at any moment. It counts in documents under a few keys, by compare-and-set, under a name
 * of its own, and says each count once the store has answered. In between it makes and ends records of other keys.
 */
const [, , folder = '', name = '', keys = ''] = process.argv;
const LATER = Date.now() + 3_600_000;
const store = await openFiles({ folder });
const counted = keys.split(',');
let over = false;
process.once('SIGTERM', () => {
  over = true;
});

interface Counts {
  readonly by: Record<string, number>;
  readonly fill: string;
}

/** One more in the document; how often somebody else was first. */
async function count(key: string): Promise<number> {
  for (let conflicts = 0; ; conflicts++) {
    const record = await store.read(key);
    if (record === undefined) throw new Error('the record is gone');
    const { by } = JSON.parse(record.document as string) as Counts;
    const next = { by: { ...by, [name]: (by[name] ?? 0) + 1 }, fill: 'x'.repeat(Math.random() * 20_000) };
    const answer = await store.update(key, record.version, JSON.stringify(next), LATER);
    if (answer.result === 'ok') return conflicts;
    if (answer.result === 'gone') throw new Error('the record is gone');
  }
}

/** Makes a record that others make and end as well. */
async function churn(): Promise<void> {
  const key = `churn:${String(Math.floor(Math.random() * 4)).repeat(64)}`;
  const owner = { name: 'c'.repeat(64), until: LATER };
  const made = await store.create(key, JSON.stringify({ by: name, fill: 'y'.repeat(3000) }), LATER, owner);
  if (made.result === 'exists' && made.current) await store.touch(key, made.current.version, LATER + 1000);
  if (Math.random() < 0.5) await store.destroy(key, owner.name);
  else await store.put(key, JSON.stringify({ by: name }), LATER);
}

while (!over) {
  const at = Math.floor(Math.random() * counted.length);
  const conflicts = await count(counted[at] ?? '');
  // A pipe keeps what was written into it by a process that is killed.
  writeSync(1, `${at} ${conflicts}\n`);
  await churn();
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
}
