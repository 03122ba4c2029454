import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { sessionsFromEnv } from '../../src/env/index.ts';
import type { Session } from '../../src/session/types.ts';
import { CookieJar, sessionTransaction } from '../../src/testing/index.ts';
import { called, makeCa, opensslMissing, redisProgram, startRedis } from '../support/redis.ts';

const { missing } = await redisProgram('redis');

test.skipIf(missing)(called('the Redis of the settings holds the records, below their prefix', missing), async () => {
  const redis = await startRedis({ password: 'of-this-test' });
  try {
    const env = { SESSION_TYPE: 'redis', SESSION_URI: redis.url, SESSION_KEY_PREFIX: 'shop:' };
    const sessions = await sessionsFromEnv(env, { needs: 'store' });
    await sessions.ready();
    const jar = new CookieJar();
    await sessionTransaction(sessions, jar, (session: Session) => session.set('n', 1));
    expect(await redis.cli('keys', '*')).toMatch(/^shop:[0-9a-f]{64}\s*$/);
    await sessions.close();
    const again = await sessionsFromEnv({ ...env, SESSION_TYPE: '' }, { needs: 'store' });
    expect(await sessionTransaction(again, jar, (session: Session) => session.n)).toBe(1);
    await again.close();
  } finally {
    await redis.stop();
  }
});

const noTls = missing ?? opensslMissing;

test.skipIf(noTls)(
  called('rediss:// in the settings trusts a CA of NODE_EXTRA_CA_CERTS, and nobody else', noTls),
  { timeout: 60_000 },
  async () => {
    const tls = await makeCa();
    const redis = await startRedis({ tls });
    try {
      const child = fileURLToPath(new URL('connect-child.ts', import.meta.url));
      const told = async (env: Record<string, string>): Promise<string> => {
        const done = promisify(execFile)(process.execPath, ['--import', 'tsx', child], {
          env: { ...process.env, SESSION_URI: redis.url, ...env },
        });
        return (await done).stdout.trim();
      };
      expect(await told({ NODE_EXTRA_CA_CERTS: tls.caFile })).toBe('connected');
      expect(await told({ NODE_EXTRA_CA_CERTS: '' })).toMatch(/STORE_FAILED|Redis store/);
    } finally {
      await redis.stop();
      tls.remove();
    }
  },
);
