import { afterAll, describe, expect, test, vi } from 'vitest';
import { openDynamodb } from '../../src/store/dynamodb.ts';
import { CREDENTIALS, startDynamodb } from '../support/servers/dynamodb.ts';
import { block, pageBlocks, run } from './blocks.ts';
import { optionsOf, promisesOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/dynamodb.md';

const dynamodb = await startDynamodb();
vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', dynamodb.endpoint);
vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
afterAll(async () => {
  vi.unstubAllEnvs();
  await dynamodb.stop();
});

describe(PAGE, () => {
  test('The table', async () => {
    await run(block(PAGE, 'The table'));
    const store = await openDynamodb({ region: 'eu-west-1', table: 'sessions' });
    expect(sectionOf(PAGE, 'What is promised')).toContain(promisesOf(store.capabilities));
    await store.close?.();
  });

  const blocks = pageBlocks(PAGE).filter(({ language, name }) => language === 'ts' && name !== 'The table');

  test.each(blocks)('$name', async ({ name }) => {
    const { sessions, client } = await run(block(PAGE, name));
    await sessions.ready();
    await sessions.backend.set('quote', name);
    expect(await sessions.backend.get('quote')).toBe(name);
    await sessions.close();
    // A client that was handed in is its owner's.
    if (client !== undefined) {
      const store = await openDynamodb({ client, table: 'sessions' });
      expect((await store.scan?.(undefined, 10))?.entries).toHaveLength(1);
      client.destroy();
    }
  });

  test('lists every option of openDynamodb, and every attribute', async () => {
    const { listed, known } = optionsOf(PAGE, 'src/store/dynamodb.ts');
    expect(listed).toEqual(known);
    expect(listed.length).toBeGreaterThan(4);
    const { DynamoDBClient, ScanCommand } = await import('@aws-sdk/client-dynamodb');
    const store = await openDynamodb({ region: 'eu-west-1', table: 'sessions' });
    await store.create('a'.repeat(64), '{}', 5, { name: 'ann', until: 5 });
    await store.close?.();
    const client = new DynamoDBClient({ region: 'eu-west-1' });
    const { Items = [] } = await client.send(new ScanCommand({ TableName: 'sessions' }));
    client.destroy();
    const attributes = [...new Set(Items.flatMap((item) => Object.keys(item)))].sort();
    const rows = [...sectionOf(PAGE, 'Layout').matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name);
    expect(rows.sort()).toEqual(attributes);
  });
});
