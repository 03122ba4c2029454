import { expect } from 'vitest';
import type { App } from './app.ts';
import { Witness } from './dead-store.ts';
import { type FaultRow, type Scene, type Spoiling, type Standing, testFault } from './faults-row.ts';

/** Records that somebody else wrote, or that were cut off. */
export function testSpoiled<S extends Standing>(scene: Scene<S>, row: FaultRow<S>): void {
  const { truncated, foreign } = row;
  const title = (what: string): string => `a record that ${what} is nobody’s session and harms no other`;
  testFault(title('was cut off'), truncated, (fault) => testSpoiling(scene, row, fault));
  const what = typeof foreign === 'string' ? 'somebody else wrote' : foreign.what;
  testFault(title(what), foreign, (fault) => testSpoiling(scene, row, fault));
}

async function testSpoiling<S extends Standing>(scene: Scene<S>, row: FaultRow<S>, fault: Spoiling<S>): Promise<void> {
  const { witness, app, standing } = scene;
  const { key } = witness;
  const other = new Witness(app, row.store);
  await other.arrive();
  await fault.begin(standing, key);
  await app.settle();
  const rejected = unreadable(app);
  if (fault.leaves === 'nobody') {
    const told = await witness.read();
    expect([told.status, told.json, told.setCookie]).toEqual([200, { value: null }, []]);
    await app.settle();
    expect(unreadable(app)).toBe(rejected + 1);
  } else {
    const how = { outcome: 'none', within: 500, says: fault.leaves } as const;
    await witness.refused(witness.read, how);
    await witness.refused(witness.write, how);
    await app.settle();
    expect(unreadable(app)).toBe(rejected);
    await row.remove(standing, key);
  }
  await witness.recovered(false);
  await other.recovered();
  await row.remove(standing, key);
}

function unreadable(app: App): number {
  return app.events.filter(({ event, reason }) => event === 'rejected' && reason === 'unreadable').length;
}
