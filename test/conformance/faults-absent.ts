import { expect, onTestFinished } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { storeFromUrl } from '../../src/url.ts';
import { Browser } from '../support/visit.ts';
import { type Env, refusal } from './app.ts';
import { type FaultRow, type Scene, type Standing, testFault } from './faults-row.ts';

/** Nobody is there at the start, or somebody who does not let us in. */
export function testAbsence<S extends Standing>(scene: Scene<S>, row: FaultRow<S>): void {
  const { store, absent, killed, strangers, keeps, patience = 1500 } = row;

  testFault(
    'one that is not there at the start ends the application with a message, and is found by requests when it comes',
    typeof killed === 'string' ? killed : absent,
    async (says) => {
      if (typeof killed === 'string') return;
      const { witness, standing } = scene;
      const env = standing.direct ?? standing.env;
      const revive = await scene.harm(killed);
      const refused = ended(store, env, says);
      const sessions = createSessions({ store: () => storeFromUrl(env.SESSION_URI ?? '') });
      onTestFinished(() => sessions.close());
      const browser = new Browser(sessions);
      const visit = () => browser.visit((session) => session.set('a', 1));
      for (let times = 0; times < 3; times++) {
        expect(await visit()).toMatchObject({ setCookie: [], error: { status: 503, outcome: 'none' } });
      }
      await refused;
      await revive();
      await expect.poll(async () => (await visit()).error, { timeout: patience }).toBeUndefined();
      expect(await browser.read((session) => session.get('a'))).toBe(1);
      await witness.recovered(keeps);
    },
  );

  if (typeof strangers === 'string') {
    testFault('one that does not let us in ends the application with a message', strangers, async () => undefined);
    return;
  }
  for (const stranger of strangers) {
    const [what, url, says] = stranger;
    testFault(`${what} ends the application with a message that repeats no secret`, stranger, async () => {
      const env = scene.standing.direct ?? scene.standing.env;
      await ended(store, { ...env, SESSION_URI: await url(scene.standing) }, says);
    });
  }
}

/** The reference application does not begin to listen on it. */
export async function ended(store: string, env: Env, says: RegExp): Promise<void> {
  const { status, stderr } = await refusal(env);
  expect([status, stderr]).toEqual([1, expect.stringContaining(`${store} store`)]);
  expect(stderr).toMatch(says);
  expect(stderr).not.toMatch(/geheim| {4}at /);
}
