import { CoatcheckError } from '../errors.ts';
import type { RedisClient } from './redis-client.ts';
import type { RedisDriver } from './redis-driver.ts';
import { redisFailure } from './redis-errors.ts';

interface Known {
  readonly clientSideCache?: unknown;
  readonly keyPrefix?: unknown;
  readonly readonly?: unknown;
  readonly readOnly?: unknown;
  readonly role?: unknown;
  readonly scaleReads?: unknown;
  readonly useReplicas?: unknown;
  readonly redisOptions?: Known;
}

/**
 * Refuses a client that may read what is behind: replicas, or a cache of its own. A session that was ended must be
 * ended for everybody at once.
 *
 * @throws CoatcheckError `OPTION_INVALID`
 */
export function checkClient(client: RedisClient): void {
  // A cluster of node-redis keeps its options under the second name.
  const { options, _options } = client as { options?: Known; _options?: Known };
  const known = options ?? _options ?? {};
  const nested = known.redisOptions ?? {};
  if (known.useReplicas) refuse('reads from replicas, which are behind: leave out `useReplicas`');
  if (known.scaleReads !== undefined && known.scaleReads !== 'master') {
    refuse("reads from replicas, which are behind: write `scaleReads: 'master'`");
  }
  if (known.role === 'slave') refuse("asks the sentinels for a replica: write `role: 'master'`");
  if (known.readonly || known.readOnly || nested.readOnly) refuse('is read-only: leave out that option');
  if (known.clientSideCache || (client as Known).clientSideCache) {
    refuse('answers from a cache of its own, which is behind: give coatcheck one without `clientSideCache`');
  }
  if (known.keyPrefix || nested.keyPrefix) {
    refuse('has a `keyPrefix`: leave it out, and give the text to coatcheck as a part of `prefix`');
  }
}

/**
 * Asks once whether the server is a primary that lets us in.
 *
 * @throws CoatcheckError `OPTION_INVALID` for a replica, `STORE_FAILED` for a server that does not answer
 */
export async function checkServer(driver: RedisDriver, prefix: string): Promise<void> {
  try {
    await driver.send(prefix, ['EXISTS', prefix]);
    if (driver.kind.endsWith('cluster')) return;
    const [node] = await driver.masters();
    // A user may be forbidden to ask; a replica then shows itself at the first write.
    const role = await node?.send(['ROLE']).catch(() => undefined);
    if (Array.isArray(role) && role[0] === 'slave') {
      refuse('is connected to a replica, which is behind and cannot be written: connect it to the primary');
    }
  } catch (error) {
    throw redisFailure(error, 'opening', 'none');
  }
}

function refuse(why: string): never {
  throw new CoatcheckError('OPTION_INVALID', `Redis store: the client ${why}.`);
}
