import { redisProgram } from '../../test/support/servers/program.ts';
import type { Attack, Outcome } from './attack.ts';
import { CHAPTERS } from './chapters.ts';
import { openCoatcheck } from './coatcheck.ts';
import type { OpenLibrary } from './library.ts';
import { openPeers } from './peers.ts';
import { startTarget, type Target } from './target.ts';

/** As many attacks at the same time: most of the time they wait for answers that never come. */
const AT_ONCE = 6;

/** An attack with what came of it. */
export interface Row {
  readonly attack: Attack;
  /** undefined where there is no redis-server for it. */
  readonly came: Came | undefined;
}

export interface Came {
  readonly peers: Outcome;
  /** The peers again, `hardened`. */
  readonly hardened: Outcome;
  readonly ours: Outcome;
}

/** Why the attacks on a store of its own cannot be run here; undefined if they can. */
export const missing: string | undefined = (await redisProgram('redis')).missing;

/** Runs every attack on both libraries; in the order of the chapters. */
export async function runAttacks(): Promise<Row[]> {
  const attacks = CHAPTERS.flatMap((chapter) => chapter.attacks);
  const came = new Map<Attack, Came>();
  const run = async (attack: Attack) => {
    const sides: readonly OpenLibrary[] = [
      openPeers,
      (users, setup) => openPeers(users, { ...setup, hardened: true }),
      openCoatcheck,
    ];
    const outcomes: Outcome[] = [];
    if (attack.movesTime) for (const open of sides) outcomes.push(await carryOut(attack, open));
    else outcomes.push(...(await Promise.all(sides.map((open) => carryOut(attack, open)))));
    const [peers, hardened, ours] = outcomes;
    if (peers && hardened && ours) came.set(attack, { peers, hardened, ours });
  };
  const able = attacks.filter(({ redis }) => redis === undefined || missing === undefined);
  const [alone, waiting] = [able.filter(({ movesTime }) => movesTime), able.filter(({ movesTime }) => !movesTime)];
  // Those that wait for an answer that never comes stand last, and begin first.
  waiting.reverse();
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  for (const attack of alone) await run(attack);
  return attacks.map((attack) => ({ attack, came: came.get(attack) }));
}

/** One attack on one library, on applications of its own. */
export async function carryOut(attack: Attack, open: OpenLibrary): Promise<Outcome> {
  const targets: Target[] = [];
  try {
    return await attack.run({
      async start(setup) {
        const target = await startTarget(open, setup);
        targets.push(target);
        return target;
      },
    });
  } catch (error) {
    throw new Error(`"${attack.name}" could not be carried out`, { cause: error });
  } finally {
    await Promise.all(targets.map((target) => target.stop()));
  }
}
