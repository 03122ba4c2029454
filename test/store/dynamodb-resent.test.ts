import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { openDynamodb } from '../../src/store/dynamodb.ts';
import {
  CREDENTIALS,
  type Dynamodb,
  type DynamodbName,
  motoMissing,
  startDynamodb,
} from '../support/servers/dynamodb.ts';
import { called } from '../support/servers/program.ts';

const KEY = 'a'.repeat(64);
const ANN = { name: 'b'.repeat(64), until: 2e12 };
const AT = 1_795_280_000_123;

/** What was sent, and whether the next answer to such a call is to be lost: the server did it. */
interface Wire {
  readonly sent: string[];
  lose: string | undefined;
}

/** A store on a client of ours whose answers may be lost, and the way they are sent. */
async function opened(server: Dynamodb, maxAttempts: number): Promise<{ store: Store; wire: Wire }> {
  const wire: Wire = { sent: [], lose: undefined };
  const config = { region: 'eu-west-1', endpoint: server.endpoint, credentials: CREDENTIALS, maxAttempts };
  const { requestHandler } = new DynamoDBClient(config).config;
  const lossy: DynamoDBClientConfig['requestHandler'] = {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(...[request, options]: Parameters<typeof requestHandler.handle>) {
      const call = request.headers['x-amz-target']?.split('.')[1] ?? '';
      wire.sent.push(call);
      const answer = await requestHandler.handle(request, options);
      if (wire.lose !== call) return answer;
      wire.lose = undefined;
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', $retryable: {} });
    },
  };
  const client = new DynamoDBClient({ ...config, requestHandler: lossy });
  onTestFinished(() => {
    client.destroy();
    requestHandler.destroy?.();
  });
  const store = await openDynamodb({ client, table: 'sessions' });
  await store.destroy(KEY, ANN.name);
  wire.sent.length = 0;
  return { store, wire };
}

for (const name of ['dynalite', 'moto'] satisfies DynamodbName[]) {
  const missing = name === 'moto' ? motoMissing : undefined;
  if (missing !== undefined) {
    describe.skip(called(`writes sent twice, on ${name}`, missing), () => test('are recognised', () => undefined));
    continue;
  }
  const server = await startDynamodb(name);
  afterAll(() => server.stop());
  await server.table('sessions');

  describe(`on ${name}, a client that sends again what was not answered`, () => {
    test('finds its own record when it creates', async () => {
      const { store, wire } = await opened(server, 3);
      wire.lose = 'PutItem';
      const created = await store.create(KEY, 'a', AT, ANN);
      expect([created.result, wire.sent.filter((call) => call === 'PutItem').length]).toEqual(['ok', 3]);
      expect(await store.read(KEY)).toMatchObject({
        document: 'a',
        version: (created as { version?: string }).version,
      });
      expect(await store.listOwned?.(ANN.name)).toEqual([KEY]);
    });

    test('finds its own version when it updates', async () => {
      const { store, wire } = await opened(server, 3);
      const created = await store.create(KEY, 'a', AT);
      wire.lose = 'UpdateItem';
      const updated = await store.update(KEY, (created as { version: string }).version, 'b', AT);
      expect(updated.result).toBe('ok');
      expect(wire.sent.filter((call) => call === 'UpdateItem')).toHaveLength(2);
      expect(await store.read(KEY)).toMatchObject({
        document: 'b',
        version: (updated as { version?: string }).version,
      });
    });

    test('has destroyed when it destroys', async () => {
      const { store, wire } = await opened(server, 3);
      await store.create(KEY, 'a', AT);
      wire.lose = 'DeleteItem';
      expect(await store.destroy(KEY)).toBe(true);
      expect(wire.sent.filter((call) => call === 'DeleteItem')).toHaveLength(2);
      expect(await store.destroy(KEY)).toBe(false);
    });

    test('has touched when it touches', async () => {
      const { store, wire } = await opened(server, 3);
      const created = await store.create(KEY, 'a', AT);
      wire.lose = 'UpdateItem';
      expect(await store.touch(KEY, (created as { version: string }).version, AT + 1)).toBe(true);
    });
  });

  describe(`on ${name}, a client that sends once`, () => {
    test.each([
      ['create', 'PutItem', (store: Store) => store.create(KEY, 'b', AT)],
      ['update', 'UpdateItem', async (store: Store) => store.update(KEY, await versionOf(store), 'b', AT)],
      ['touch', 'UpdateItem', async (store: Store) => store.touch(KEY, await versionOf(store), AT + 1)],
      ['destroy', 'DeleteItem', (store: Store) => store.destroy(KEY)],
      ['put', 'PutItem', (store: Store) => store.put(KEY, 'b', AT)],
    ] as const)('leaves the outcome of %s unknown where its answer is lost', async (verb, call, write) => {
      const { store, wire } = await opened(server, 1);
      if (verb !== 'create') await store.put(KEY, 'a', AT);
      wire.lose = call;
      await expect(write(store)).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: true, outcome: 'unknown' });
    });
  });

  test(`on ${name}, a create that comes again writes the owner's list that the first one did not come to`, async () => {
    const { store, wire } = await opened(server, 1);
    wire.lose = 'PutItem';
    await expect(store.create(KEY, 'a', AT, ANN)).rejects.toMatchObject({ outcome: 'unknown' });
    expect(await store.listOwned?.(ANN.name)).toEqual([]);
    expect((await store.create(KEY, 'a', AT, ANN)).result).toBe('exists');
    expect(await store.listOwned?.(ANN.name)).toEqual([KEY]);
  });
}

async function versionOf(store: Store): Promise<string> {
  return String((await store.read(KEY))?.version);
}
