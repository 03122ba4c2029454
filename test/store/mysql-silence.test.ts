import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { openMysql } from '../../src/store/mysql.ts';
import { type Mysql, mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { called } from '../support/servers/program.ts';

/** A machine without power says nothing, not even that its connections are closed; another one takes its place. */
describe.skipIf(mysqlMissing !== undefined)(called('a MariaDB whose machine lost its power', mysqlMissing), () => {
  let mysql: Mysql;
  let url: string;
  const sockets = new Set<Socket>();
  const relay = createServer((client) => {
    const behind = connect(mysql.port, '127.0.0.1');
    sockets.add(behind);
    client.on('error', () => behind.destroy()).pipe(behind);
    behind.on('error', () => client.destroy()).pipe(client);
    client.on('close', () => behind.destroy());
  });
  const losePower = (): void => {
    for (const socket of sockets) socket.unpipe().resume();
    sockets.clear();
  };
  beforeAll(async () => {
    mysql = await startMysql();
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    url = mysql.url.replace(`:${mysql.port}/`, `:${(relay.address() as AddressInfo).port}/`);
  }, 60_000);
  afterAll(async () => {
    relay.close();
    await mysql.stop();
  });

  const put = (store: Store, at: number): Promise<void> => store.put(`${at}`, '{}', 4_000_000_000_000);
  const ALL = Array.from({ length: 10 }, (_, at) => at);

  test('is given up after five seconds, and its connections with it', { timeout: 20_000 }, async () => {
    const store = await openMysql({ url, createTable: 'json' });
    await Promise.all(ALL.map((at) => put(store, at)));
    losePower();
    const lost = ALL.map((at) => put(store, at).catch((error: unknown) => error));
    await sleep(2500);
    // Whoever waits for longer than a request would is not sent any more.
    await expect(put(store, 11)).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: true, outcome: 'none' });
    for (const error of await Promise.all(lost)) {
      expect(error).toMatchObject({ code: 'STORE_FAILED', retryable: true, outcome: 'unknown' });
    }
    await put(store, 12);
    expect((await store.read('12'))?.document).toBe('{}');
    await store.close?.();
  });

  test('does not keep the sessions from being closed', async () => {
    const store = await openMysql({ url, createTable: 'json' });
    losePower();
    const asked = store.read('1').catch((error: unknown) => error);
    await sleep(50);
    const begun = performance.now();
    await store.close?.();
    expect(performance.now() - begun).toBeLessThan(1500);
    void asked;
  });
});
