import { afterAll, describe, test } from 'vitest';
import { openMemcached } from '../../src/store/memcached.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { memcachedMissing, startMemcached } from '../support/servers/memcached.ts';
import { called } from '../support/servers/program.ts';

const runner = { test, skip: test.skip };

if (memcachedMissing !== undefined) {
  describe.skip(called('the store suite on memcached', memcachedMissing), () => test('runs', () => undefined));
} else {
  const one = await startMemcached();
  afterAll(() => one.stop());
  await testStore('memcached by url', () => openMemcached({ url: one.url }), runner);

  const others = await Promise.all([startMemcached(), startMemcached()]);
  afterAll(() => Promise.all(others.map((server) => server.stop())));
  const servers = [one, ...others].map(({ port }) => `127.0.0.1:${port}`);
  await testStore('three memcacheds', () => openMemcached({ servers, prefix: 'three:' }), runner);

  const login = { username: 'ann', password: 'p@ss:w/rd' };
  const guarded = await startMemcached({ login });
  afterAll(() => guarded.stop());
  await testStore('memcached with a login', () => openMemcached({ url: guarded.url }), runner);
}
