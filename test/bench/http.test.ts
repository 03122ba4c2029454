import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingPrograms } from '../../bench/http/processes.ts';
import type { Run } from '../../bench/http/report.ts';

const root = new URL('../../', import.meta.url).pathname;
const missing = missingPrograms().join('; ');
const name = `the HTTP benchmark${missing === '' ? '' : ` (skipped: ${missing})`}`;

describe.skipIf(missing !== '')(name, () => {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-bench-test-'));
  let run: Run;
  let printed: string;

  beforeAll(async () => {
    const json = join(folder, 'run.json');
    const chosen = ['--quick', '--only', 'read,write', '--targets', 'floor,coatcheck', '--rounds', '1', '--warm', '50'];
    const args = ['bench/http/run.ts', ...chosen, '--rates', '--trials', '2', '--json', json];
    const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
    printed = (await promisify(execFile)(process.execPath, [tsx, ...args], { cwd: root })).stdout;
    run = JSON.parse(readFileSync(json, 'utf8')) as Run;
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('measures every number of every target and route', () => {
    expect(run.groups).toHaveLength(1);
    for (const { name: target, slices, lone } of run.groups[0]?.targets ?? []) {
      for (const route of ['read', 'write'] as const) {
        const [slice, ...rest] = slices[route] ?? [];
        expect(rest, `${target}, ${route}: one round`).toHaveLength(0);
        for (const number of [
          'cpu',
          'rate',
          'redisIn',
          'redisOut',
          'answer',
          'rss',
          'requests',
          'p50',
          'p99',
        ] as const) {
          expect(slice?.[number], `${target}, ${route}, ${number}`).toBeGreaterThan(0);
        }
        expect(Object.keys(slice?.commands ?? {}), `${target}, ${route}`).not.toHaveLength(0);
        expect(lone[route]?.length, `${target}, ${route}`).toBe(route === 'read' ? 1 : 2);
      }
    }
    expect(printed).toMatch(/^coatcheck +[\d.]+/m);
  });

  test('finds that ours loses nothing and revives nobody, and that a session by hand does both', () => {
    const [floor, ours] = run.rates.map(({ rates }) => rates);
    expect(floor).toMatchObject({ lost: 1, logout: { oldCookie: 1, browser: 1 }, login: { oldCookie: 1 } });
    expect(ours).toMatchObject({
      lost: 0,
      kept: { mean: 50, worst: 50 },
      logout: { oldCookie: 0, browser: 0 },
      login: { oldCookie: 0, lost: 0 },
    });
  });
});
