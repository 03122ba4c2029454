import { afterAll, beforeAll, beforeEach, describe, onTestFinished } from 'vitest';
import { called } from '../support/servers/program.ts';
import { type App, fleet } from './app.ts';
import { Witness } from './dead-store.ts';
import { testAbsence } from './faults-absent.ts';
import { testDeath } from './faults-dead.ts';
import { testRefusals } from './faults-refusing.ts';
import type { FaultRow, Scene, Standing } from './faults-row.ts';
import { testSpoiled } from './faults-spoiled.ts';
import { testWire } from './faults-wire.ts';

/** Every fault, on one server and one application, and what `more` adds for this store only. */
export function testFaults<S extends Standing>(
  name: string,
  row: FaultRow<S>,
  more: (scene: Scene<S>) => void = () => undefined,
): void {
  const { start } = fleet();
  describe.skipIf(row.missing !== undefined)(called(`faults of ${name}`, row.missing), () => {
    let [standing, app, witness]: [S?, App?, Witness?] = [];
    beforeAll(async () => {
      standing = await row.start();
      app = await start({ ADAPTER: 'express', ...standing.env });
    }, 60_000);
    afterAll(async () => {
      await app?.stop();
      await standing?.stop();
    });
    beforeEach(async () => {
      witness = new Witness(scene.app, row.store);
      await witness.arrive();
    });
    const scene: Scene<S> = {
      store: row.store,
      get standing() {
        return standing as S;
      },
      get app() {
        return app as App;
      },
      get witness() {
        return witness as Witness;
      },
      async harm({ begin, end }) {
        let harmed = true;
        const mend = async (): Promise<void> => {
          if (!harmed) return;
          harmed = false;
          await end(scene.standing);
        };
        onTestFinished(mend);
        await begin(scene.standing);
        return mend;
      },
    };
    testDeath(scene, row);
    testWire(scene, row);
    testRefusals(scene, row);
    testSpoiled(scene, row);
    testAbsence(scene, row);
    more(scene);
  });
}
