import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sessionsFromEnv } from '../../src/env/index.ts';
import { CELLS, MORE_CELLS } from '../conformance/cells.ts';
import { Stores } from '../conformance/stores.ts';
import { called } from '../support/redis.ts';
import { Browser } from '../support/visit.ts';

const folder = mkdtempSync(join(tmpdir(), 'coatcheck-env-'));
const stores = new Stores(folder);
afterAll(async () => {
  await stores.stop();
  rmSync(folder, { recursive: true, force: true });
});

const KINDS = new Map([...CELLS, ...MORE_CELLS].map(([, store, missing]) => [store, missing]));
// It is gone with its process.
KINDS.delete('memory');

for (const [kind, missing] of KINDS) {
  test.skipIf(missing !== undefined)(
    called(`SESSION_URI alone opens ${kind}, and another process's settings find the session`, missing),
    { timeout: 90_000 },
    async () => {
      const { SESSION_URI = '' } = await stores.settings(kind);
      const first = await sessionsFromEnv({ SESSION_URI }, { needs: 'store' });
      await first.ready();
      const browser = new Browser(first);
      await browser.visit((session) => session.set('user', 'ann'));
      await first.close();
      const second = await sessionsFromEnv({ SESSION_URI }, { needs: 'store' });
      expect(await new Browser(second, browser.cookie).read((session) => session.get('user'))).toBe('ann');
      await second.close();
    },
  );
}
