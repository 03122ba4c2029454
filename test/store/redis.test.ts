import { Redis as IoRedis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, describe, test } from 'vitest';
import { openRedis } from '../../src/store/redis.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { called, makeCa, opensslMissing, type RedisName, redisProgram, startRedis } from '../support/redis.ts';

const runner = { test, skip: test.skip };

for (const program of ['redis', 'valkey'] satisfies RedisName[]) {
  const { missing } = await redisProgram(program);
  if (missing !== undefined) {
    describe.skip(called(`the store suite on ${program}`, missing), () => test('runs', () => undefined));
    continue;
  }
  const server = await startRedis({ program });
  afterAll(() => server.stop());
  for (const driver of ['redis', 'ioredis'] as const) {
    await testStore(`${program}, ${driver} by url`, () => openRedis({ url: server.url, driver }), runner);
  }
}

const { missing } = await redisProgram('redis');
if (missing === undefined) {
  const server = await startRedis();
  afterAll(() => server.stop());

  for (const RESP of [2, 3] as const) {
    const client = await createClient({ url: server.url, RESP }).connect();
    afterAll(() => client.destroy());
    await testStore(`a client of redis, RESP${RESP}`, () => openRedis({ client }), runner);

    const io = new IoRedis(server.port, { protocol: RESP, replyMapping: RESP === 3 ? 'resp3' : 'legacy' });
    afterAll(() => io.disconnect());
    await testStore(`a client of ioredis, RESP${RESP}`, () => openRedis({ client: io }), runner);
  }

  const commandOptions = { typeMapping: { 36: Buffer, 58: String } };
  const odd = await createClient({ url: server.url, commandOptions }).connect();
  afterAll(() => odd.destroy());
  await testStore('a client of redis that gives Buffers', () => openRedis({ client: odd }), runner);

  const texts = new IoRedis(server.port, { stringNumbers: true, enableAutoPipelining: true, db: 3 });
  afterAll(() => texts.disconnect());
  await testStore('a client of ioredis with numbers as text', () => openRedis({ client: texts }), runner);

  await server.cli('acl', 'setuser', 'ann', 'on', '>p@ss:w/rd', '~shop:*', '+@string', '+@sortedset', '+del');
  await server.cli('acl', 'setuser', 'ann', '+eval', '+evalsha', '+exists', '+pexpire', '+pttl', '+scan', '+select');
  for (const driver of ['redis', 'ioredis'] as const) {
    const url = `redis://ann:${encodeURIComponent('p@ss:w/rd')}@127.0.0.1:${server.port}/7`;
    await testStore(
      `${driver}, a user who may do little, database 7`,
      () => openRedis({ url, driver, prefix: 'shop:' }),
      runner,
    );
  }

  if (opensslMissing !== undefined) {
    describe.skip(called('rediss', opensslMissing), () => test('runs', () => undefined));
  } else {
    const tls = await makeCa();
    const secure = await startRedis({ tls });
    afterAll(async () => {
      await secure.stop();
      tls.remove();
    });
    for (const driver of ['redis', 'ioredis'] as const) {
      const options = { url: secure.url, driver, tls: { ca: tls.ca } };
      await testStore(`${driver} by TLS`, () => openRedis(options), runner);
    }
  }
}
