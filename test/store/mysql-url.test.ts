import { expect, test } from 'vitest';
import { createTable, openMysql } from '../../src/store/mysql.ts';
import { parseMysqlUrl } from '../../src/store/mysql-url.ts';

const PLAIN = {
  host: '127.0.0.1',
  port: 3306,
  socketPath: undefined,
  user: undefined,
  password: undefined,
  database: 'app',
  tls: false,
};

test.each([
  ['mysql:///app', {}],
  ['mariadb://db/app', { host: 'db' }],
  [
    'mysql+pymysql://ann:x@db:3307/my-app?charset=utf8mb4',
    { host: 'db', port: 3307, user: 'ann', password: 'x', database: 'my-app' },
  ],
  ['mysql://ann@db/app', { host: 'db', user: 'ann' }],
  ['mysql://ann:p%40ss%3Aw%2Frd@db/caf%C3%A9', { host: 'db', user: 'ann', password: 'p@ss:w/rd', database: 'café' }],
  ['mysql://[::1]:3307/app', { host: '::1', port: 3307 }],
  ['mysql://db/app?ssl-mode=REQUIRED', { host: 'db', tls: true }],
  ['mysql://db/app?ssl-mode=VERIFY_IDENTITY', { host: 'db', tls: true }],
  ['mysql://db/app?ssl-mode=DISABLED', { host: 'db' }],
  ['mysql://db/app?ssl=%7B%22rejectUnauthorized%22%3Atrue%7D', { host: 'db', tls: true }],
  ['mysql://ann@/app?socket=/run/mysqld/mysqld.sock', { user: 'ann', socketPath: '/run/mysqld/mysqld.sock' }],
])('%s is read', (url, said) => {
  expect(parseMysqlUrl(url)).toEqual({ ...PLAIN, ...said });
});

test.each([
  'mysql:',
  'mysql://geheim',
  'mysql://ann:geheim@db',
  'mysql://ann:geheim@db/',
  'mysql://ann:geheim@db:99999/app',
  'mysql://ann:geheim@db:0/app',
  'mysql://ann:geheim@db1,db2/app',
  'mysql://ann:ge@heim@db/app',
  'mysql://ann:geheim%@db/app',
  'mysql://ann:geheim@db/app/more',
  'mysql://ann:geheim@db/app?ssl-mode=PREFERRED',
  'mysql://ann:geheim@db/app?ssl={"rejectUnauthorized":false}',
  'mysql://ann:geheim@db/app?socket=run',
  'mysql://ann:geheim@db/app?flags=LOCAL_FILES',
  'postgres://ann:geheim@db/app',
  ' mysql://ann:geheim@db/app',
])('%j is refused, and not repeated', async (url) => {
  for (const act of [() => openMysql({ url }), () => createTable({ url })]) {
    const error = await act().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_URL_INVALID' });
    expect(String(error)).not.toContain('geheim');
  }
});
