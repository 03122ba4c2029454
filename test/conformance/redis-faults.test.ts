import { expect, test } from 'vitest';
import { type Redis, type Relay, scriptAnswers, startRedis, startRelay } from '../support/redis.ts';
import { freePort } from '../support/servers/child.ts';
import type { Env } from './app.ts';
import { DEADLINE } from './dead-store.ts';
import { testFaults } from './faults.ts';
import type { Refusal, Scene, Stranger } from './faults-row.ts';
import { byRelay } from './faults-wire.ts';
import { redisMissing } from './stores.ts';

interface Standing {
  readonly env: Env;
  readonly direct: Env;
  readonly redis: Redis;
  /** One that wants a password. */
  readonly guarded: Redis;
  readonly relay: Relay;
  stop(): Promise<void>;
}

async function start(driver: string): Promise<Standing> {
  const [redis, guarded] = await Promise.all([
    startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] }),
    startRedis({ password: 'geheim' }),
  ]);
  const relay = await startRelay(redis.port);
  return {
    env: { SESSION_URI: relay.url, REDIS_DRIVER: driver },
    direct: { SESSION_URI: redis.url, REDIS_DRIVER: driver },
    redis,
    guarded,
    relay,
    async stop() {
      await relay.stop();
      await redis.stop();
      await guarded.stop();
    },
  };
}

const config = ({ redis }: Standing, ...settings: readonly [string, string][]): Promise<unknown> =>
  Promise.all(settings.map(([name, value]) => redis.cli('config', 'set', name, value)));

const withdrawn: readonly Refusal<Standing>[] = [
  {
    what: 'wants a password now',
    async begin(standing) {
      await config(standing, ['requirepass', 'geheim']);
      await standing.redis.cli('-a', 'geheim', '--no-auth-warning', 'client', 'kill', 'type', 'normal');
    },
    end: ({ redis }) => redis.cli('-a', 'geheim', '--no-auth-warning', 'config', 'set', 'requirepass', ''),
    // The client connects for itself, and no call is told why it cannot.
    says: /no connection to Redis now/,
    within: DEADLINE,
  },
  {
    what: 'gives no right to write any more',
    refuses: 'writes',
    begin: ({ redis }) => redis.cli('acl', 'setuser', 'default', '-@scripting', '-set', '-del'),
    end: ({ redis }) => redis.cli('acl', 'setuser', 'default', '+@all'),
    says: /may not do that: docs\/stores\/redis\.md/,
  },
];

const at = (what: string, login: string): Stranger<Standing> => [
  what,
  ({ guarded }) => `redis://${login}127.0.0.1:${guarded.port}`,
  /password/,
];

const wire = byRelay<Relay>(
  (relay, which) => relay.swallow((command, answer) => scriptAnswers(command, answer) && which()),
  (relay) => relay.seen.lost,
);

for (const driver of ['redis', 'ioredis']) {
  testFaults<Standing>(
    `Redis, by ${driver}`,
    {
      store: 'Redis',
      missing: redisMissing,
      start: () => start(driver),
      absent: /connection/,
      strangers: [
        at('a wrong password', ':geheim-falsch@'),
        at('no password', ''),
        at('a user that does not exist', 'nobody:geheim-falsch@'),
      ],
      killed: { begin: ({ redis }) => redis.kill(), end: ({ redis }) => redis.restart() },
      keeps: true,
      silent: { begin: ({ redis }) => redis.pause(), end: ({ redis }) => redis.resume() },
      ...wire,
      // A new connection is made every 200 ms.
      lossy: { ...wire.lossy, most: 10 },
      full: {
        what: 'is full (noeviction)',
        refuses: 'writes',
        begin: (standing) => config(standing, ['maxmemory-policy', 'noeviction'], ['maxmemory', '1']),
        end: (standing) => config(standing, ['maxmemory', '0']),
        says: /maxmemory/,
      },
      readOnly: {
        what: 'became a replica',
        refuses: 'writes',
        begin: async ({ redis }) => redis.cli('replicaof', '127.0.0.1', `${await freePort()}`),
        end: ({ redis }) => redis.cli('replicaof', 'no', 'one'),
        says: /is a replica/,
        again: true,
        within: DEADLINE,
      },
      withdrawn,
      truncated: {
        what: 'was cut off',
        begin: async ({ redis }, key) =>
          redis.cli('set', `coatcheck:${key}`, (await redis.cli('get', `coatcheck:${key}`)).slice(0, -10)),
        leaves: 'nobody',
      },
      foreign: {
        what: 'somebody else wrote',
        begin: ({ redis }, key) => redis.cli('set', `coatcheck:${key}`, '{"some": "thing"}'),
        leaves: /no record of coatcheck/,
      },
      remove: ({ redis }, key) => redis.cli('del', `coatcheck:${key}`),
    },
    testMore,
  );
}

function testMore(scene: Scene<Standing>): void {
  test('one that knows no scripts any more is used as before', async () => {
    await scene.standing.redis.cli('script', 'flush');
    expect((await scene.witness.write()).status).toBe(200);
  });

  test('one that misses the replicas it wants refuses writes in time', async () => {
    const { witness, standing } = scene;
    const mend = await scene.harm({
      begin: () => config(standing, ['min-replicas-to-write', '1']),
      end: () => config(standing, ['min-replicas-to-write', '0']),
    });
    await witness.refused(witness.write);
    await mend();
    expect(await witness.count()).toBe(1);
    await witness.recovered();
  });
}
