import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { CHAPTERS } from '../../bench/attacks/chapters.ts';
import { PAGE, withRows } from '../../bench/attacks/page.ts';
import { carryOut, missing, type Row, runAttacks } from '../../bench/attacks/run.ts';
import { testProblem } from '../../scripts/check-parity.ts';
import { called } from '../support/servers/program.ts';
import { openDefenceless } from './defenceless.ts';

const attacks = CHAPTERS.flatMap((chapter) => chapter.attacks);

describe(called('docs/attacks.md', missing === undefined ? undefined : `${missing}; rows of Redis are kept`), () => {
  let rows: Row[] = [];
  beforeAll(async () => {
    rows = await runAttacks();
  }, 120_000);

  it('says what comes of each attack, on both sides (npm run attacks writes it)', () => {
    const page = readFileSync(PAGE, 'utf8');
    expect(withRows(page, rows)).toBe(page);
  });

  it('has no attack that succeeds here but the one that flash.md tells of', () => {
    const succeeded = rows.flatMap(({ attack, came }) => (came?.ours.result === 'succeeded' ? [attack.name] : []));
    expect(succeeded).toEqual(['Flash message on two pages']);
  });

  it('has no attack that both stop because it is none: each succeeds where nothing is defended', async () => {
    const stopped = rows.filter(({ attack, came }) => !attack.redis && came?.peers.result === 'stopped');
    const results = stopped.map(async ({ attack }) => [attack.name, (await carryOut(attack, openDefenceless)).result]);
    expect(await Promise.all(results)).toEqual(stopped.map(({ attack }) => [attack.name, 'succeeded']));
  });

  it.each(attacks.map(({ name, test }) => [name, ...test] as const))('%s: its test exists', (_name, file, name) => {
    expect(testProblem(file, name)).toBeUndefined();
  });
});
