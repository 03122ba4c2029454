import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gather } from '../../bench/migrate/crowd.ts';
import { move, wrongs } from '../../bench/migrate/pair.ts';
import { type Kind, openPlaces, type Places } from '../../bench/migrate/places.ts';
import { storeFromUrl } from '../../src/url.ts';
import { COMMAND } from '../cli/support.ts';
import { redisProgram } from '../support/redis.ts';
import { postgresMissing } from '../support/servers/postgres.ts';
import { called } from '../support/servers/program.ts';

const SESSIONS = 2000;
const SAMPLED = 20;

/** Each store once at either end; `npm run migrate:scale` has all twelve pairs, and a hundred thousand sessions. */
const PAIRS: readonly (readonly [Kind, Kind])[] = [
  ['SQLite', 'Redis'],
  ['Redis', 'PostgreSQL'],
  ['PostgreSQL', 'files'],
  ['files', 'SQLite'],
];

const missing = postgresMissing ?? (await redisProgram('redis')).missing;

describe.skipIf(missing !== undefined)(called('a migration that is killed at a third and goes on', missing), () => {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-migrate-'));
  let places: Places;

  beforeAll(async () => {
    places = await openPlaces(folder, 'off');
  });

  afterAll(async () => {
    await places?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(PAIRS)(
    'from %s to %s brings every session, record and list over, and its counts add up',
    { timeout: 120_000 },
    async (source, target) => {
      const [from, to] = [await places.fresh(source), await places.fresh(target)];
      const store = await storeFromUrl(from);
      const crowd = await gather(store, SESSIONS, SAMPLED, Date.now());
      await store.close?.();
      const moved = await move(COMMAND, { from, to, crowd, folder, batch: 50 });
      expect(wrongs(moved, crowd)).toEqual([]);
      expect(moved.killedAt).toBeGreaterThanOrEqual(SESSIONS / 3);
      expect(moved.killedAt).toBeLessThan(SESSIONS);
      expect(moved.known).toBe(SAMPLED);
    },
  );
});
