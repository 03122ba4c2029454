import { expect } from 'vitest';
import type { ByteRelay, LosesBytes } from '../support/servers/byte-relay.ts';
import { DEADLINE } from './dead-store.ts';
import { type FaultRow, type Loss, type Scene, type Slowness, type Standing, testFault } from './faults-row.ts';

/** What stands between an application and its server, and can do harm to answers. */
export interface HarmfulRelay {
  hold(): void;
  delay(ms: number): void;
  heal(): void;
  cut(): void;
}

type Relayed<R> = Standing & { readonly relay: R };

/** Each answer is so much later, in milliseconds: two to a request, and perhaps those of a new connection. */
const LATE = 150;

/** By a relay that knows the answers to writes. */
export function byRelay<R extends HarmfulRelay>(
  swallow: (relay: R, which: () => boolean) => void,
  lost: (relay: R) => number,
): { slow: Slowness<Relayed<R>>; lossy: Loss<Relayed<R>> } {
  return {
    slow: {
      late: ({ relay }) => relay.delay(LATE),
      later: ({ relay }) =>
        swallow(relay, () => {
          relay.hold();
          return false;
        }),
      end: ({ relay }) => relay.heal(),
      outcome: 'unknown',
    },
    lossy: {
      begin: ({ relay }, which) => swallow(relay, which),
      end: ({ relay }) => relay.heal(),
      lost: ({ relay }) => lost(relay),
      cut: ({ relay }) => relay.cut(),
    },
  };
}

/** By a relay of bytes, which `isStored` tells what an answer to a write looks like. */
export function byBytes(isStored: LosesBytes): ReturnType<typeof byRelay<ByteRelay>> {
  return byRelay<ByteRelay>(
    (relay, which) => relay.swallow((answer, asked) => isStored(answer, asked) && which()),
    (relay) => relay.lost,
  );
}

/** Answers come late or never. */
export function testWire<S extends Standing>(scene: Scene<S>, { slow, lossy }: FaultRow<S>): void {
  testFault('a slow one is waited for up to the deadline, and not beyond', slow, async (slowness) => {
    const { witness } = scene;
    const heal = await scene.harm({ begin: slowness.late, end: slowness.end });
    const begun = performance.now();
    const late = await witness.timed(witness.write);
    expect(performance.now() - begun).toBeGreaterThan(LATE);
    expect(late.json).toEqual({ ok: true, value: 2 });
    expect(late.ms).toBeLessThan(DEADLINE);
    await heal();
    const healForGood = await scene.harm({ begin: slowness.later, end: slowness.end });
    await witness.refused(witness.write, { outcome: slowness.outcome });
    // Where nothing was answered nobody is asked any more; where only writers waited, readers do not.
    if (slowness.outcome === 'unknown') await witness.refused(witness.read, { outcome: 'none', within: 0 });
    else expect((await witness.read()).json).toEqual({ value: 1 });
    await healForGood();
    await witness.recovered();
    // To 2 and what `recovered` wrote comes what was in doubt and done, and nothing that was never begun.
    if (slowness.outcome === 'unknown') expect(await witness.count()).toBeGreaterThanOrEqual(4);
    else expect(await witness.count()).toBe(3);
  });

  testFault(
    'connections that break while nobody uses them are not noticed, or cost one moment',
    lossy,
    async (loss) => {
      await loss.cut(scene.standing);
      await scene.witness.recovered();
    },
  );

  testFault(
    'where one of five answers is lost, each of 50 increments counts once or is in doubt, none twice',
    lossy,
    async (loss) => {
      const { witness, standing } = scene;
      const before = loss.lost(standing);
      let writes = 0;
      const heal = await scene.harm({ begin: () => loss.begin(standing, () => writes++ % 5 === 0), end: loss.end });
      const answers = await Promise.all(Array.from({ length: 50 }, () => witness.write()));
      await heal();
      expect(loss.lost(standing) - before).toBeGreaterThan(1);
      const done = answers.filter(({ status }) => status === 200).length;
      const rest = answers.filter(({ status }) => status !== 200);
      expect(rest.map(({ status, setCookie }) => [status, setCookie])).toEqual(rest.map(() => [503, []]));
      const doubted = rest.filter(({ json }) => json.error.outcome === 'unknown').length;
      await expect.poll(async () => (await witness.read()).status, { timeout: 1500 }).toBe(200);
      const value = await witness.count();
      expect(value).toBeGreaterThanOrEqual(1 + done);
      expect(value).toBeLessThanOrEqual(1 + done + doubted);
      // Most of them found out what became of theirs.
      expect(done).toBeGreaterThan(loss.most ?? 25);
      await witness.recovered();
    },
  );
}
