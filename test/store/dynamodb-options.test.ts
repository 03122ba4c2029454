import { DynamoDB, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { createTable, type DynamodbStoreOptions, openDynamodb } from '../../src/store/dynamodb.ts';
import { parseDynamodbUrl } from '../../src/store/dynamodb-url.ts';
import { storeFromUrl } from '../../src/url.ts';
import { CREDENTIALS, startDynamodb } from '../support/servers/dynamodb.ts';

const dynamodb = await startDynamodb();
afterAll(() => dynamodb.stop());
await dynamodb.table('sessions');
const { endpoint } = dynamodb;
const region = 'eu-west-1';
const KEY = 'a'.repeat(64);

describe('a DynamoDB store opens', () => {
  test.each<readonly [string, () => DynamodbStoreOptions]>([
    ['by url', () => ({ url: dynamodb.url('sessions') })],
    ['by url, with the table apart', () => ({ url: dynamodb.url(''), table: 'sessions' })],
    ['by region, endpoint and credentials', () => ({ region, endpoint, credentials: CREDENTIALS, table: 'sessions' })],
    [
      'with credentials from a function',
      () => ({ region, endpoint, credentials: async () => CREDENTIALS, table: 'sessions' }),
    ],
  ])('%s', async (_how, options) => {
    const store = await openDynamodb(options());
    expect(await store.read(KEY)).toBeUndefined();
    await store.close?.();
  });

  test.each([
    ['DynamoDBClient', DynamoDBClient],
    ['DynamoDB', DynamoDB],
  ])('with a %s of yours or a promise of one, which stays open', async (_name, Client) => {
    const client = new Client({ region, endpoint, credentials: CREDENTIALS, maxAttempts: 1 });
    onTestFinished(() => client.destroy());
    for (const given of [client, Promise.resolve(client)]) {
      const store = await openDynamodb({ client: given, table: 'sessions' });
      await store.put(KEY, 'x', Date.now());
      await store.close?.();
    }
    const store = await openDynamodb({ client, table: 'sessions' });
    expect(await store.destroy(KEY)).toBe(true);
  });

  test('by storeFromUrl', async () => {
    const store = await storeFromUrl(dynamodb.url('sessions'));
    expect(await store.read(KEY)).toBeUndefined();
    await store.close?.();
  });

  test('on the table coatcheck_sessions, if none is named', async () => {
    await expect(openDynamodb({ region, endpoint, credentials: CREDENTIALS })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringMatching(/no such table/),
    });
    await createTable({ region, endpoint, credentials: CREDENTIALS });
    const store = await openDynamodb({ region, endpoint, credentials: CREDENTIALS });
    await store.close?.();
  });
});

describe('a DynamoDB store does not open', () => {
  const invalid = (options: unknown) => openDynamodb(options as DynamodbStoreOptions);

  test.each<readonly [string, unknown, RegExp]>([
    ['a url beside a client', { url: 'dynamodb:', client: {} }, /not two of them/],
    ['a url beside a region', { url: 'dynamodb:', region }, /not two of them/],
    ['a client beside an endpoint', { client: {}, endpoint }, /not two of them/],
    ['a client that is none', { client: { query() {} } }, /must be a client of `@aws-sdk\/client-dynamodb`/],
    ['an empty region', { region: '' }, /`region` must be text/],
    ['a url that is no text', { url: 5 }, /`url` must be text/],
    ['an endpoint without a scheme', { endpoint: '127.0.0.1:8000' }, /`endpoint` must be a URL such as http:/],
    ['half of the credentials', { credentials: { accessKeyId: 'a' } }, /accessKeyId, secretAccessKey/],
    ['a table with a blank', { table: 'my table' }, /3 to 255 letters/],
    ['a table too short', { table: 'ab' }, /3 to 255 letters/],
    ['two tables', { url: 'dynamodb://eu-west-1/one', table: 'two' }, /Leave `table` out/],
  ])('for %s', async (_what, options, says) => {
    await expect(invalid(options)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(says),
    });
  });

  test.each([
    ['tableName', /is called table/],
    ['AWSConfigJSON', /region, endpoint and credentials/],
    ['hashKey', /pk and sk/],
    ['readCapacityUnits', /paid by request/],
    ['reapInterval', /by its TTL/],
    ['prefix', /told by the table/],
    ['ttl', /lifetime/],
    ['maxAttempts', /The options are client, credentials, endpoint, region, table, url/],
  ])('for the option %s, and says what to write', async (name, says) => {
    await expect(invalid({ [name]: 1 })).rejects.toMatchObject({
      code: 'OPTION_UNKNOWN',
      message: expect.stringMatching(says),
    });
  });

  test('without anything', async () => {
    await expect(invalid(undefined)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  test('on a table with other keys', async () => {
    const { CreateTableCommand } = await import('@aws-sdk/client-dynamodb');
    const client = new DynamoDBClient({ region, endpoint, credentials: CREDENTIALS });
    onTestFinished(() => client.destroy());
    await client.send(
      new CreateTableCommand({
        TableName: 'theirs',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    const options = { client, table: 'theirs' };
    await expect(createTable(options)).rejects.toThrow(/a table of this name with other keys/);
    await expect(openDynamodb(options)).rejects.toThrow(/the keys `pk` and `sk`, both text/);
  });

  test('where a client’s promise fails', async () => {
    const client = Promise.reject(new Error('no client today'));
    await expect(openDynamodb({ client })).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'none' });
  });
});

describe('a URL of DynamoDB', () => {
  test.each([
    ['dynamodb:', {}],
    ['dynamodb://', {}],
    ['dynamodb:///sessions', { table: 'sessions' }],
    ['dynamodb://eu-west-1', { region }],
    ['dynamodb://eu-west-1/', { region }],
    ['dynamodb://us-gov-west-1/my.table', { region: 'us-gov-west-1', table: 'my.table' }],
    [
      'dynamodb://AKIA:a%2Fb%3A%40@eu-west-1/sessions?endpoint=http://127.0.0.1:8000',
      {
        region,
        table: 'sessions',
        endpoint: 'http://127.0.0.1:8000',
        credentials: { accessKeyId: 'AKIA', secretAccessKey: 'a/b:@' },
      },
    ],
  ])('%s', (url, said) => {
    const { credentials, ...rest } = parseDynamodbUrl(url);
    expect({ ...rest, credentials }).toEqual({
      region: undefined,
      table: undefined,
      endpoint: undefined,
      credentials: undefined,
      ...said,
    });
  });

  test.each([
    ['dynamodb://127.0.0.1:8000/sessions', /named by \?endpoint=/],
    ['dynamodb://localhost:8000/hunter2', /named by \?endpoint=/],
    ['dynamodb://hunter2@eu-west-1/sessions', /the access key and its secret/],
    ['dynamodb://a:hunter2:c@eu-west-1/sessions', /the access key and its secret/],
    ['dynamodb://a:%E0%A4hunter2@eu-west-1/sessions', /written as %XX/],
    ['dynamodb://eu_west_1/hunter2', /looks like dynamodb:/],
    ['dynamodb://eu-west-1/sessions?ttl=hunter2', /says endpoint, and nothing else/],
    ['dynamodb://eu-west-1/sessions#hunter2', /looks like dynamodb:/],
    ['dynamodb:hunter2', /looks like dynamodb:/],
  ])('%s is refused without being repeated', (url, says) => {
    const refused = () => parseDynamodbUrl(url);
    expect(refused).toThrow(expect.objectContaining({ code: 'STORE_URL_INVALID' }));
    expect(refused).toThrow(says);
    expect(refused).not.toThrow(/hunter2/);
  });
});

test('many calls at once are no leak of listeners', async () => {
  const warnings: string[] = [];
  const heard = ({ name }: Error) => void warnings.push(name);
  process.on('warning', heard);
  onTestFinished(() => void process.off('warning', heard));
  const store = await openDynamodb({ url: dynamodb.url('sessions') });
  await Promise.all(Array.from({ length: 40 }, () => store.read(KEY)));
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).not.toContain('MaxListenersExceededWarning');
  await store.close?.();
});
