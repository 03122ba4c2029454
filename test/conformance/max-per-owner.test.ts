import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { storeFromUrl } from '../../src/url.ts';
import { built } from '../support/built.ts';
import { called } from '../support/redis.ts';
import { datastoreNowhere } from '../support/servers/datastore.ts';
import { mongodbNowhere } from '../support/servers/mongodb.ts';
import { mysqlMissing } from '../support/servers/mysql.ts';
import { postgresMissing } from '../support/servers/postgres.ts';
import { Browser } from '../support/visit.ts';
import { fleet } from './app.ts';
import { redisMissing } from './stores.ts';

const { cell } = fleet();
const CHILD = fileURLToPath(new URL('owner-child.ts', import.meta.url));
const LOGINS = 20;

/** Every kind of store that has owners, and why it is not here. */
const STORES: Readonly<Record<string, string | undefined>> = {
  sqlite: undefined,
  files: undefined,
  datastore: datastoreNowhere,
  dynamodb: undefined,
  redis: redisMissing,
  mongodb: mongodbNowhere,
  mysql: mysqlMissing,
  postgres: postgresMissing,
};

for (const [name, missing] of Object.entries(STORES)) {
  describe.skipIf(missing !== undefined)(called(`maxPerOwner: 3 on ${name}`, missing), () => {
    test('of 20 parallel logins of one owner at two processes exactly 3 stay', { timeout: 60_000 }, async () => {
      const { SESSION_URI: url = '', SESSION_KEY_PREFIX: prefix = '' } = await cell('node', name);
      const children = await Promise.all([0, 1].map(() => start([url, prefix, `${LOGINS / 2}`])));
      const logins = children.map(async (child) => {
        child.send('go');
        return (await once(child, 'message'))[0] as string[];
      });
      const cookies = (await Promise.all(logins)).flat();
      expect(new Set(cookies).size).toBe(LOGINS);

      const sessions = createSessions<{ user?: string }>({
        store: () => storeFromUrl(url, prefix === '' ? {} : { prefix }),
        ownerOf: ({ user }) => user,
      });
      onTestFinished(() => sessions.close());
      const users = cookies.map((cookie) => new Browser(sessions, cookie).read((session) => session.user));
      expect((await Promise.all(users)).filter((user) => user === 'ann')).toHaveLength(3);
      expect(await sessions.listFor('ann')).toHaveLength(3);
    });
  });
}

async function start(args: string[]): Promise<ChildProcess> {
  const child = fork(built(CHILD), args);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}
