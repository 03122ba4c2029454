import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { DEADLINE } from './dead-store.ts';
import { type FaultRow, type Scene, type Standing, testFault } from './faults-row.ts';

/** Nobody is there, or nobody answers. */
export function testDeath<S extends Standing>(scene: Scene<S>, { killed, keeps, silent }: FaultRow<S>): void {
  testFault(
    'a dead one: a 503 in time and no cookie lost; a logout fails, and takes its cookie away all the same',
    killed,
    async (death) => {
      const { witness } = scene;
      const revive = await scene.harm(death);
      const begun = performance.now();
      await witness.refused(witness.read, { outcome: 'none' });
      await witness.refused(witness.write, { outcome: 'none' });
      await witness.comesAndGoes();
      while (performance.now() - begun < (death.ms ?? 0)) {
        await witness.refused(witness.write, { outcome: 'none' });
        await sleep(50);
      }
      await revive();
      await witness.recovered(keeps);
    },
    60_000,
  );

  testFault('one that was killed between two requests is used as before when it is back', killed, async (death) => {
    const { witness } = scene;
    const revive = await scene.harm(death);
    await revive();
    await witness.recovered(keeps);
  });

  testFault(
    'one that is killed while requests are under way leaves each of them stored, refused or in doubt',
    killed,
    async (death) => {
      const { witness } = scene;
      const many = Array.from({ length: 20 }, () => witness.write());
      await many[0];
      const revive = await scene.harm(death);
      const answers = await Promise.all(many);
      await revive();
      for (const { status, setCookie, json } of answers) {
        expect([[200, 503].includes(status), setCookie]).toEqual([true, []]);
        if (status === 503) expect(json.error).toMatchObject({ outcome: expect.stringMatching(/^(none|unknown)$/) });
        if (status === 503) witness.explained(json.error);
      }
      const stored = answers.filter(({ status }) => status === 200).length;
      const doubted = answers.filter(({ json }) => json.error?.outcome === 'unknown').length;
      expect(stored).toBeGreaterThan(0);
      if (keeps) {
        await expect.poll(async () => (await witness.read()).status, { timeout: 1500 }).toBe(200);
        const value = await witness.count();
        expect(value).toBeGreaterThanOrEqual(1 + stored);
        expect(value).toBeLessThanOrEqual(1 + stored + doubted);
      }
      await witness.recovered(keeps);
      const value = (await witness.count()) ?? 0;
      expect((await witness.write()).json).toEqual({ ok: true, value: value + 1 });
    },
  );

  testFault(
    'one that answers nothing is waited for up to the deadline, then not asked until it is back, however long that is',
    silent,
    async (silence) => {
      const { witness } = scene;
      const wake = await scene.harm(silence);
      const begun = performance.now();
      await witness.refused(witness.read, { outcome: 'none' });
      await witness.refused(witness.write, { outcome: 'none', within: 0 });
      await witness.comesAndGoes();
      while (performance.now() - begun < (silence.ms ?? 0)) {
        await sleep(Math.min(DEADLINE / 2, (silence.ms ?? 0) - (performance.now() - begun)));
        await witness.refused(witness.read, { outcome: 'none' });
      }
      await wake();
      await witness.recovered();
    },
    30_000,
  );
}
