import {
  DeleteItemCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { createTable, openDynamodb } from '../../src/store/dynamodb.ts';
import { CREDENTIALS, type DynamodbName, motoMissing, startDynamodb } from '../support/servers/dynamodb.ts';
import { called } from '../support/servers/program.ts';

const KEY = 'a'.repeat(64);
const ANN = { name: 'b'.repeat(64), until: 1_795_280_000_500.5 };
const AT = 1_795_280_000_123.25;

for (const name of ['dynalite', 'moto'] satisfies DynamodbName[]) {
  const missing = name === 'moto' ? motoMissing : undefined;
  if (missing !== undefined) {
    describe.skip(called(`the layout on ${name}`, missing), () => test('holds', () => undefined));
    continue;
  }
  const server = await startDynamodb(name);
  afterAll(() => server.stop());
  const client = new DynamoDBClient({ region: 'eu-west-1', endpoint: server.endpoint, credentials: CREDENTIALS });
  afterAll(() => client.destroy());
  let tables = 0;
  const opened = async (): Promise<{ store: Store; TableName: string }> => {
    const TableName = `layout-${tables++}`;
    const store = await openDynamodb({ url: await server.table(TableName) });
    onTestFinished(() => store.close?.());
    return { store, TableName };
  };
  const itemsOf = async (TableName: string) =>
    ((await client.send(new ScanCommand({ TableName }))).Items ?? []).sort((a, b) =>
      (a.pk?.S ?? '') < (b.pk?.S ?? '') ? -1 : 1,
    );

  describe(`on ${name}`, () => {
    test('a record and its owner’s list are items of the one table, with a TTL a minute late', async () => {
      const { store, TableName } = await opened();
      const created = await store.create(KEY, '{"n":1}', AT, ANN);
      const entry = { S: created.result === 'ok' ? created.version : '' };
      expect(await itemsOf(TableName)).toEqual([
        {
          pk: { S: KEY },
          sk: { S: 'record' },
          document: { S: '{"n":1}' },
          version: { S: created.result === 'ok' ? created.version : '' },
          expiresAt: { N: '1795280000123.25' },
          ttl: { N: '1795280061' },
          owner: { S: ANN.name },
          until: { N: '1795280000500.5' },
          entry,
        },
        {
          pk: { S: `~owner:${ANN.name}` },
          sk: { S: KEY },
          until: { N: '1795280000500.5' },
          ttl: { N: '1795280061' },
          entry,
        },
      ]);
    });

    test('update and touch move the TTL with the end', async () => {
      const { store, TableName } = await opened();
      const created = await store.create(KEY, 'a', AT);
      if (created.result !== 'ok') throw new Error('created');
      const updated = await store.update(KEY, created.version, 'b', AT + 1000);
      if (updated.result !== 'ok') throw new Error('updated');
      expect((await itemsOf(TableName))[0]?.ttl).toEqual({ N: '1795280062' });
      await store.touch(KEY, updated.version, AT + 2000);
      expect((await itemsOf(TableName))[0]?.ttl).toEqual({ N: '1795280063' });
    });

    test('an entry of an owner’s list never gets a shorter life', async () => {
      const { store, TableName } = await opened();
      await store.put(KEY, 'a', AT, ANN);
      await store.put(KEY, 'a', AT, { ...ANN, until: AT });
      expect((await itemsOf(TableName))[1]?.until).toEqual({ N: '1795280000500.5' });
      await store.put(KEY, 'a', AT, { ...ANN, until: AT + 1000 });
      expect((await itemsOf(TableName))[1]?.until).toEqual({ N: '1795280001123.25' });
    });

    test('a destroy that is behind does not take the next life of a key off the list', async () => {
      const { store, TableName } = await opened();
      await store.create(KEY, 'first', AT, ANN);
      let reborn: unknown;
      // The next life begins between the deletion of the record and that of its entry.
      const late = await openDynamodb({
        client: {
          async send(command) {
            const answer = await client.send(command as never);
            const { Key } = (command as { input: { Key?: { sk?: { S?: string } } } }).input;
            if (command instanceof DeleteItemCommand && Key?.sk?.S === 'record') {
              reborn = await store.create(KEY, 'second', AT, { ...ANN, until: ANN.until - 100 });
            }
            return answer;
          },
        },
        table: TableName,
      });
      expect(await late.destroy(KEY, ANN.name)).toBe(true);
      expect(reborn).toMatchObject({ result: 'ok' });
      expect(await store.listOwned?.(ANN.name)).toEqual([KEY]);
      expect(await store.destroy(KEY, ANN.name)).toBe(true);
      expect(await itemsOf(TableName)).toEqual([]);
    });

    test('put for another owner or none takes the record off the list of the one before', async () => {
      const { store } = await opened();
      const bob = { name: 'c'.repeat(64), until: ANN.until };
      const listed = async () => [await store.listOwned?.(ANN.name), await store.listOwned?.(bob.name)];
      await store.create(KEY, 'a', AT, ANN);
      await store.put(KEY, 'b', AT, ANN);
      expect(await listed()).toEqual([[KEY], []]);
      await store.put(KEY, 'c', AT, bob);
      expect(await listed()).toEqual([[], [KEY]]);
      await store.put(KEY, 'd', AT);
      expect(await listed()).toEqual([[], []]);
    });

    test('a foreign item is an error of that record alone, and is written over by put only', async () => {
      const { store, TableName } = await opened();
      const other = 'c'.repeat(64);
      await store.create(other, 'x', AT);
      for (const item of [{}, { document: { S: '' } }, { document: { N: '1' }, version: { S: 'v' } }]) {
        const Item = { pk: { S: KEY }, sk: { S: 'record' }, ...item };
        await client.send(new PutItemCommand({ TableName, Item }));
        const foreign = { code: 'STORE_FAILED', outcome: 'none', message: expect.stringMatching(/a table of its own/) };
        await expect(store.read(KEY)).rejects.toMatchObject(foreign);
        await expect(store.create(KEY, 'x', AT)).rejects.toMatchObject(foreign);
        await expect(store.update(KEY, 'w', 'x', AT)).rejects.toMatchObject(foreign);
        await expect(store.touch(KEY, 'w', AT)).rejects.toMatchObject(foreign);
        const [first, second] = (await store.readMany?.([KEY, other])) ?? [];
        expect([first, second]).toMatchObject([foreign, { document: 'x' }]);
        expect((await store.scan?.(undefined, 10))?.entries).toMatchObject([{ key: other }]);
        const { Item: there } = await client.send(new GetItemCommand({ TableName, Key: { pk: Item.pk, sk: Item.sk } }));
        expect(there).toEqual(Item);
      }
      await store.put(KEY, 'y', AT);
      expect((await store.read(KEY))?.document).toBe('y');
      await client.send(new DeleteItemCommand({ TableName, Key: { pk: { S: KEY }, sk: { S: 'record' } } }));
      expect(await store.read(KEY)).toBeUndefined();
    });

    test('the largest document that is promised fits, with an owner and a name space', async () => {
      const { store } = await opened();
      const key = `${'s'.repeat(64)}:${KEY}`;
      const { maxBytes } = store.capabilities;
      const document = '\u00e9'.repeat(maxBytes / 2);
      expect((await store.create(key, document, AT, ANN)).result).toBe('ok');
      expect((await store.read(key))?.document === document).toBe(true);
      const version = (await store.read(key))?.version ?? '';
      // moto counts what an update replaces as well, and bytes as base64.
      const bytes = new Uint8Array(name === 'moto' ? 1000 : maxBytes);
      expect((await store.update(key, version, bytes, AT)).result).toBe('ok');
      const failing = store.put(KEY, 'x'.repeat(410 * 1024), AT);
      await expect(failing).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'none', retryable: false });
      await expect(failing).rejects.toThrow(/ends at 400 KB: keep less/);
    });

    test('a time that is none is refused before anything is sent', async () => {
      const { store, TableName } = await opened();
      for (const time of [Number.NaN, Number.POSITIVE_INFINITY, -1, 8.65e15]) {
        const refused = { code: 'OPTION_INVALID', outcome: 'none' };
        await expect(store.create(KEY, 'x', time)).rejects.toMatchObject(refused);
        await expect(store.update(KEY, 'v', 'x', time)).rejects.toMatchObject(refused);
        await expect(store.touch(KEY, 'v', time)).rejects.toMatchObject(refused);
        await expect(store.put(KEY, 'x', time)).rejects.toMatchObject(refused);
      }
      expect(await itemsOf(TableName)).toEqual([]);
    });

    test('readMany asks for more keys than one call takes, each once', async () => {
      const { store } = await opened();
      const keys = Array.from({ length: 130 }, (_, at) => `${at}`.padStart(64, '0'));
      await Promise.all(keys.slice(0, 3).map((key) => store.put(key, key, AT)));
      const found = await store.readMany?.([...keys, keys[2] ?? '']);
      expect(found).toHaveLength(131);
      const documents = found?.map((record) => (record as { document?: unknown } | undefined)?.document);
      expect(documents?.filter(Boolean)).toEqual([keys[0], keys[1], keys[2], keys[2]]);
    });

    test('createTable once more is no error', async () => {
      const url = await server.table('again');
      await createTable({ url });
      await (await openDynamodb({ url })).close?.();
    });

    test.skipIf(name === 'dynalite')(
      `createTable switches the TTL on${name === 'dynalite' ? ' (skipped: dynalite knows none)' : ''}`,
      async () => {
        await server.table('living');
        const { TimeToLiveDescription: ttl } = await client.send(
          new DescribeTimeToLiveCommand({ TableName: 'living' }),
        );
        expect(ttl).toEqual({ AttributeName: 'ttl', TimeToLiveStatus: 'ENABLED' });
      },
    );
  });
}
