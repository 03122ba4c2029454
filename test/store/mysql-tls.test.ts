import { execFile } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openMysql } from '../../src/store/mysql.ts';
import { type Ca, makeCa, opensslMissing } from '../support/servers/ca.ts';
import { type Mysql, mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { called } from '../support/servers/program.ts';

const missing = mysqlMissing ?? opensslMissing;

const named = (url: string): string => url.replace('127.0.0.1', 'localhost');

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
    const store = await openMysql({ url: named(mysql.url), tls: { ca: tls?.ca ?? '' }, createTable: 'json' });
    await store.put('a', '{}', 4_000_000_000_000);
    expect((await store.read('a'))?.document).toBe('{}');
    await store.close?.();
  });

  test('is reached by its URL alone with the authority that NODE_EXTRA_CA_CERTS names, and without it refused', async () => {
    const child = fileURLToPath(new URL('../env/connect-child.ts', import.meta.url));
    const told = async (file: string): Promise<string> => {
      const SESSION_URI = `${named(mysql.url)}?ssl-mode=REQUIRED&createTable=json`;
      const env = { ...process.env, SESSION_URI, NODE_EXTRA_CA_CERTS: file };
      return (await promisify(execFile)(process.execPath, ['--import', 'tsx', child], { env })).stdout.trim();
    };
    expect(await told(tls?.caFile ?? '')).toBe('connected');
    expect(await told('')).toMatch(/how to connect/);
  });

  test('is refused with the authority of somebody else, or of the system', async () => {
    for (const options of [
      { url: named(mysql.url), tls: { ca: other?.ca ?? '' } },
      { url: `${named(mysql.url)}?ssl-mode=REQUIRED` },
    ]) {
      await expect(openMysql(options)).rejects.toMatchObject({
        code: 'STORE_FAILED',
        retryable: false,
        message: expect.stringMatching(/how to connect/),
      });
    }
  });

  test('is refused where its certificate is for another name', async () => {
    const { lookup } = dns;
    const anywhere = (_host: string, ...rest: unknown[]): void => lookup('127.0.0.1', ...(rest as [never, never]));
    const spied = vi.spyOn(dns, 'lookup').mockImplementation(anywhere as typeof lookup);
    onTestFinished(() => spied.mockRestore());
    const url = mysql.url.replace('127.0.0.1', 'elsewhere.test');
    await expect(openMysql({ url, tls: { ca: tls?.ca ?? '' } })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retryable: false,
      message: expect.stringMatching(/how to connect/),
    });
    expect(spied).toHaveBeenCalled();
  });

  test('is not even spoken to by an address: the driver would log in before anybody had compared it', async () => {
    const asked: unknown[] = [];
    const server = createServer((socket) => void asked.push(socket.destroy()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    for (const host of ['127.0.0.1', '']) {
      const url = `mysql://app:geheim@${host}:${port}/app`;
      for (const options of [{ url, tls: { ca: tls?.ca ?? '' } }, { url: `${url}?ssl-mode=REQUIRED` }]) {
        const error = await openMysql(options).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'STORE_URL_INVALID', message: expect.stringMatching(/give its name/) });
        expect(String(error)).not.toContain('geheim');
      }
    }
    expect(asked).toEqual([]);
  });

  test('does not let us in without it, where it must be', async () => {
    await expect(openMysql({ url: mysql.url })).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: false });
  });

  test('is refused where there is none, rather than spoken to in the open', async () => {
    const plain = await startMysql({ args: ['--skip-ssl'] });
    await expect(openMysql({ url: `${named(plain.url)}?ssl-mode=REQUIRED` })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retryable: false,
    });
    await plain.stop();
  });
});
