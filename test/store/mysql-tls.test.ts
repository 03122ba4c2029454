import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMysql } from '../../src/store/mysql.ts';
import { type Ca, makeCa, opensslMissing } from '../support/servers/ca.ts';
import { type Mysql, mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { called } from '../support/servers/program.ts';

const missing = mysqlMissing ?? opensslMissing;

describe.skipIf(missing !== undefined)(called('MariaDB by TLS', missing), () => {
  let [tls, other]: Ca[] = [];
  let mysql: Mysql;
  beforeAll(async () => {
    [tls, other] = await Promise.all([makeCa(), makeCa()]);
    mysql = await startMysql({
      args: [`--ssl-cert=${tls.certFile}`, `--ssl-key=${tls.keyFile}`, `--ssl-ca=${tls.caFile}`],
    });
    await mysql.sql("ALTER USER app@'%' REQUIRE SSL");
  }, 60_000);
  afterAll(async () => {
    await mysql.stop();
    tls?.remove();
    other?.remove();
  });

  test('is reached with the authority that signed its certificate', async () => {
    const store = await openMysql({ url: mysql.url, tls: { ca: tls?.ca ?? '' }, createTable: 'json' });
    await store.put('a', '{}', 4_000_000_000_000);
    expect((await store.read('a'))?.document).toBe('{}');
    await store.close?.();
  });

  test('is reached by name as well as by address', async () => {
    const url = mysql.url.replace('127.0.0.1', 'localhost');
    const store = await openMysql({ url, tls: { ca: tls?.ca ?? '' } });
    expect(await store.read('nobody')).toBeUndefined();
    await store.close?.();
  });

  test('is refused with the authority of somebody else, or of the system', async () => {
    for (const options of [
      { url: mysql.url, tls: { ca: other?.ca ?? '' } },
      { url: `${mysql.url}?ssl-mode=REQUIRED` },
    ]) {
      await expect(openMysql(options)).rejects.toMatchObject({
        code: 'STORE_FAILED',
        retryable: false,
        message: expect.stringMatching(/how to connect/),
      });
    }
  });

  test('is refused where its certificate is for another address', async () => {
    // It is made out to localhost and 127.0.0.1.
    const elsewhere = createServer((socket) => {
      const behind = connect(mysql.port, '127.0.0.1');
      socket.on('error', () => undefined).pipe(behind);
      behind.on('error', () => undefined).pipe(socket);
    });
    elsewhere.listen(0, '127.0.0.2');
    await once(elsewhere, 'listening');
    const { port } = elsewhere.address() as AddressInfo;
    const url = mysql.url.replace(`127.0.0.1:${mysql.port}`, `127.0.0.2:${port}`);
    await expect(openMysql({ url, tls: { ca: tls?.ca ?? '' } })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retryable: false,
      message: expect.stringMatching(/how to connect/),
    });
    elsewhere.close();
  });

  test('does not let us in without it, where it must be', async () => {
    await expect(openMysql({ url: mysql.url })).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: false });
  });

  test('is refused where there is none, rather than spoken to in the open', async () => {
    const plain = await startMysql({ args: ['--skip-ssl'] });
    await expect(openMysql({ url: `${plain.url}?ssl-mode=REQUIRED` })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retryable: false,
    });
    await plain.stop();
  });
});
