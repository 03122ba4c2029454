import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { Witness } from './dead-store.ts';
import { type FaultRow, type Refusal, type Scene, type Standing, testFault } from './faults-row.ts';

/** Needs room, and no server makes it smaller. */
const LARGE = randomBytes(24_000).toString('hex');

/** How soon a refusal that nothing can change is told, in milliseconds. */
const AT_ONCE = 500;

/** A server that is full, that only reads, or that does not let us in any more. */
export function testRefusals<S extends Standing>(scene: Scene<S>, row: FaultRow<S>): void {
  const { full, readOnly, withdrawn } = row;
  const refuses = (refusal: Refusal<S>): Promise<void> => testRefusal(scene, refusal);
  const title = (what: string): string => `one that ${what} is a 503 that writes nothing, until it is well again`;
  const titleOf = (kind: string, fault: Refusal<S> | string): string =>
    title(typeof fault === 'string' ? kind : fault.what);

  testFault(titleOf('is full', full), full, refuses);
  testFault(titleOf('only reads', readOnly), readOnly, refuses);
  if (typeof withdrawn === 'string') testFault(title('withdraws our rights'), withdrawn, async () => undefined);
  else for (const one of withdrawn) testFault(title(one.what), one, refuses);
}

async function testRefusal<S>(scene: Scene<S>, refusal: Refusal<S>): Promise<void> {
  const { witness, app } = scene;
  const { refuses = 'all', keeps = true, outcome = 'none', within = AT_ONCE, says, again } = refusal;
  const refused = { outcome: outcome === 'either' ? undefined : outcome, within, says, again };
  const grow = () => witness.visitor.post('/set', { k: 'large', v: LARGE });
  const stranger = new Witness(app, scene.store);
  const arrive = () => stranger.visitor.post('/set', { k: 'large', v: LARGE });
  const isAsBefore = async (): Promise<void> => {
    expect((await witness.visitor.get('/keys')).json.keys.sort()).toEqual(['a', 'n']);
    expect([(await witness.read()).json.value, await witness.count()]).toEqual([1, 1]);
  };
  const mend = await scene.harm(refusal);
  if (refuses === 'all') await witness.refused(witness.read, { ...refused, outcome: 'none' });
  else await isAsBefore();
  await Promise.all([
    witness.refused(grow, refused),
    stranger.refused(arrive, refused),
    refuses === 'large' ? undefined : witness.comesAndGoes(),
  ]);
  if (refuses !== 'large' && again !== true) await witness.refused(witness.write, refused);
  if (refuses !== 'all' && keeps && outcome === 'none') await isAsBefore();
  await mend();
  await witness.recovered(keeps);
  // Nothing was written by halves, nor later.
  if (keeps && outcome === 'none') expect((await witness.visitor.get('/keys')).json.keys.sort()).toEqual(['a', 'n']);
  if (refuses !== 'large') return;
  // A server may still be clearing up.
  await expect.poll(async () => (await grow()).status, { timeout: 5000 }).toBe(200);
  expect((await witness.visitor.get('/get?k=large')).json).toEqual({ value: LARGE });
}
