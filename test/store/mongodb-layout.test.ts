import { type Document as Bson, Long, MongoClient } from 'mongodb';
import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { openMongodb } from '../../src/store/mongodb.ts';
import type { MongodbClient, MongodbFields } from '../../src/store/mongodb-client.ts';
import { called } from '../support/redis.ts';
import { mongodbNowhere, mongodbPlace } from '../support/servers/mongodb.ts';

const KEY = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const LATER = 4_000_000_000_123;
const OWNER = { name: 'c'.repeat(64), until: LATER + 5 };

/** A client whose database answers so, and yes to all else. */
function clientThat(answer: (command: MongodbFields) => MongodbFields | undefined): MongodbClient {
  const database = {
    databaseName: 'shop',
    command: async (command: MongodbFields): Promise<MongodbFields> => answer(command) ?? { ok: 1, n: 1 },
  };
  return { db: () => database, connect: async () => undefined, close: async () => undefined };
}

describe('a server', () => {
  test.each([
    ['FerretDB 1', { ferretdbVersion: 'v1.24.2', ferretdbFeatures: {} }, /this is FerretDB/],
    ['FerretDB 2', { ferretdb: { version: 'v2.7.0' } }, /this is FerretDB/],
  ])('that says it is %s is refused, for it does not compare and set exactly', async (_name, build, message) => {
    const asked: string[] = [];
    const client = clientThat((command) => {
      asked.push(...Object.keys(command).slice(0, 1));
      return 'buildInfo' in command ? { ok: 1, version: '7.0.42', ...build } : undefined;
    });
    await expect(openMongodb({ client })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(message),
    });
    const sessions = createSessions({ store: () => openMongodb({ client }) });
    await expect(sessions.ready()).rejects.toThrow(message);
    expect(asked).not.toContain('createIndexes');
  });

  test('that is a secondary is refused, for it is behind', async () => {
    const client = clientThat((command) =>
      'hello' in command ? { ok: 1, secondary: true, setName: 'rs0' } : undefined,
    );
    await expect(openMongodb({ client })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(/secondary.*without directConnection/),
    });
  });

  test('that answers a write with something else is an error that leaves it in doubt', async () => {
    const client = clientThat((command) => ('update' in command || 'find' in command ? { ok: 1 } : undefined));
    const store = await openMongodb({ client });
    await expect(store.put(KEY, 'x', LATER)).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'unknown' });
    await expect(store.read(KEY)).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'none' });
  });

  test('that refuses a single write says why, and nothing was written', async () => {
    const writeErrors = [{ index: 0, code: 121, errmsg: 'Document failed validation' }];
    const client = clientThat((command) => ('update' in command ? { ok: 1, n: 0, writeErrors } : undefined));
    const store = await openMongodb({ client });
    await expect(store.put(KEY, 'x', LATER)).rejects.toMatchObject({
      outcome: 'none',
      message: expect.stringMatching(/MongoDB store, put: the validator/),
    });
  });
});

describe.skipIf(mongodbNowhere !== undefined)(called('the layout', mongodbNowhere), async () => {
  const place = mongodbNowhere === undefined ? await mongodbPlace() : undefined;
  const client = new MongoClient(place?.driverUrl ?? 'mongodb://127.0.0.1');
  const shop = place?.database('shop') ?? '';
  const collection = client.db(shop).collection<Bson & { _id: string }>('coatcheck_sessions');
  afterAll(async () => {
    await client.close();
    await place?.stop();
  });
  const open = () => openMongodb({ client, database: shop });
  beforeEach(() => collection.deleteMany({}));
  const held = (key: string) => collection.findOne({ _id: key });

  test('is one document a record, with the number as given and a Date a minute later', async () => {
    const store = await open();
    const expiresAt = LATER + 0.5;
    const created = await store.create(KEY, '{"a":1}', expiresAt, OWNER);
    expect(await held(KEY)).toEqual({
      _id: KEY,
      document: '{"a":1}',
      version: created.result === 'ok' && created.version,
      expiresAt,
      expires: new Date(LATER + 1 + 60_000),
      owner: OWNER.name,
      ownerUntil: OWNER.until,
    });
    expect((await store.read(KEY))?.expiresAt).toBe(expiresAt);
    await store.touch(KEY, created.result === 'ok' ? created.version : '', LATER + 1000);
    expect(await held(KEY)).toMatchObject({ expiresAt: LATER + 1000, expires: new Date(LATER + 61_000) });
    await store.put(KEY, 'x', LATER);
    expect(Object.keys((await held(KEY)) ?? {})).toEqual(['_id', 'document', 'version', 'expiresAt', 'expires']);
    await store.destroy(KEY);
    expect(await held(KEY)).toBeNull();
  });

  test('has bytes as binary, and gives Uint8Arrays of their own, never a Buffer', async () => {
    const store = await open();
    await store.put(KEY, Uint8Array.of(1, 2, 255), LATER);
    expect((await held(KEY))?.document).toMatchObject({ _bsontype: 'Binary', sub_type: 0 });
    const { document } = (await store.read(KEY)) ?? {};
    expect(Object.getPrototypeOf(document)).toBe(Uint8Array.prototype);
    expect((document as Uint8Array).buffer.byteLength).toBe(3);
  });

  test('takes the bytes as they are when a verb is called, whatever becomes of them before they are sent', async () => {
    const store = await open();
    const bytes = Uint8Array.of(1, 2, 3);
    const writing = store.put(KEY, bytes, LATER);
    bytes.fill(9);
    await writing;
    expect((await store.read(KEY))?.document).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('keeps names and keys as data, whatever their letters', async () => {
    const store = await open();
    const hostile = `$where'"; {"$gt": ""} . %_*`;
    await store.create(hostile, hostile, LATER, { name: hostile, until: LATER });
    expect(await store.listOwned?.(hostile)).toEqual([hostile]);
    expect(await store.read(hostile)).toMatchObject({ document: hostile, owner: { name: hostile, until: LATER } });
    await store.destroy(hostile);
  });

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 8.7e15])(
    'a time of %s is refused, and nothing written',
    async (time) => {
      const store = await open();
      const refused = { code: 'OPTION_INVALID', outcome: 'none' };
      await store.destroy(OTHER);
      await expect(store.create(OTHER, 'x', time)).rejects.toMatchObject(refused);
      await expect(store.put(OTHER, 'x', time)).rejects.toMatchObject(refused);
      await expect(store.update(OTHER, 'v', 'x', time)).rejects.toMatchObject(refused);
      await expect(store.touch(OTHER, 'v', time)).rejects.toMatchObject(refused);
      expect(await held(OTHER)).toBeNull();
    },
  );

  test('the last moment that there is has a Date too', async () => {
    const store = await open();
    await store.put(OTHER, 'x', 8.64e15);
    expect((await store.read(OTHER))?.expiresAt).toBe(8.64e15);
    expect((await held(OTHER))?.expires).toEqual(new Date(8.64e15));
  });

  test('that is not ours is an error of that record alone', async () => {
    const store = await open();
    await store.put(OTHER, 'fine', LATER);
    const expires = new Date(LATER);
    const ours = { document: 'x', version: 'v', expiresAt: LATER, expires };
    for (const foreign of [
      { session: '{"cookie":{}}', expires },
      { ...ours, document: undefined },
      { ...ours, document: { a: 1 } },
      { ...ours, document: 5 },
      { ...ours, version: 5 },
      { ...ours, expiresAt: expires },
      { ...ours, expiresAt: Long.MAX_VALUE },
      { ...ours, owner: 5 },
      { ...ours, owner: 'ann' },
    ]) {
      await collection.replaceOne({ _id: KEY }, foreign, { upsert: true });
      const error = { code: 'STORE_FAILED', retryable: false, outcome: 'none' };
      const named = (verb: string) => ({
        ...error,
        message: expect.stringMatching(`MongoDB store, ${verb}: .*no record of coatcheck.*\`collection\``),
      });
      await expect(store.read(KEY), JSON.stringify(foreign)).rejects.toMatchObject(named('read'));
      await expect(store.create(KEY, 'x', LATER)).rejects.toMatchObject(named('create'));
      await expect(store.update(KEY, 'w', 'x', LATER)).rejects.toMatchObject(named('update'));
      const [bad, good] = (await store.readMany?.([KEY, OTHER])) ?? [];
      expect(bad).toMatchObject(named('read'));
      expect(good).toMatchObject({ document: 'fine' });
    }
    await store.put(KEY, 'ours again', LATER);
    expect((await store.read(KEY))?.document).toBe('ours again');
  });

  test('with records of another application in the same collection is scanned and swept without them', async () => {
    const store = await open();
    const expires = new Date(1000);
    await collection.insertMany([
      { _id: 5 as unknown as string, expires },
      { _id: '0-sid-of-connect-mongo', session: '{}', expires },
      { _id: 'z', session: '{}', expires },
    ]);
    await store.put(KEY, 'x', 1000);
    await store.put(OTHER, 'x', LATER);
    const { entries } = (await store.scan?.(undefined, 100)) ?? {};
    expect(entries?.map(({ key }) => key)).toEqual([KEY, OTHER]);
    expect(await store.sweep?.(2_000_000, 100)).toBe(1);
    expect(await collection.countDocuments()).toBe(4);
  });

  test('sweeps exactly what has ended, to the millisecond, and no more than it is told to', async () => {
    const store = await open();
    for (let i = 0; i < 1203; i++) await store.put(`${i}`.padStart(64, '0'), 'x', 1000 + i);
    expect(await store.sweep?.(1001, 100)).toBe(2);
    expect(await store.sweep?.(1_000_000, 1100)).toBe(1100);
    expect(await store.sweep?.(1_000_000, 1100)).toBe(101);
    expect(await collection.countDocuments()).toBe(0);
  });

  test('a record that is renewed after the sweep has found it stays', async () => {
    const store = await open();
    await store.put(KEY, 'x', 1000);
    const version = (await store.read(KEY))?.version ?? '';
    const command = async (sent: MongodbFields): Promise<MongodbFields> => {
      if ('delete' in sent) await store.touch(KEY, version, LATER);
      return client.db(shop).command(sent);
    };
    const sweeping = await openMongodb({
      client: { ...clientThat(() => undefined), db: () => ({ databaseName: 'shop', command }) },
    });
    expect(await sweeping.sweep?.(2000, 10)).toBe(0);
    expect((await store.read(KEY))?.expiresAt).toBe(LATER);
  });

  test('lists an owner of more keys than one answer brings', async () => {
    const store = await open();
    const keys = Array.from({ length: 1001 }, (_, i) => `${i}`.padStart(64, '0'));
    for (const key of keys) await store.put(key, 'x', LATER, OWNER);
    expect([...((await store.listOwned?.(OWNER.name)) ?? [])].sort()).toEqual(keys);
  });

  test('an answer that was too small for all records is completed, one by one', async () => {
    const store = await open();
    await store.put(KEY, 'a', LATER);
    await store.put(OTHER, 'b', LATER);
    const command = vi.fn(async (sent: MongodbFields): Promise<MongodbFields> => {
      const reply = await client.db(shop).command(sent);
      if (sent.limit !== 3) return reply;
      return { ...reply, cursor: { id: Long.fromNumber(77), firstBatch: reply.cursor.firstBatch.slice(0, 1) } };
    });
    const cut = await openMongodb({
      client: { ...clientThat(() => undefined), db: () => ({ databaseName: 'shop', command }) },
    });
    const records = (await cut.readMany?.([KEY, 'missing', OTHER])) ?? [];
    expect(records.map((record) => record instanceof Error || record?.document)).toEqual(['a', undefined, 'b']);
    const killed = command.mock.calls.find(([sent]) => 'killCursors' in sent)?.[0];
    expect(killed).toMatchObject({ cursors: [Long.fromNumber(77)] });
  });

  test('a document of nearly 16 MB is kept, and one beyond that refused with nothing written', async () => {
    const store = await open();
    const largest = 'x'.repeat(store.capabilities.maxBytes);
    await store.put(KEY, largest, LATER, OWNER);
    expect((await store.read(KEY))?.document === largest).toBe(true);
    const error = await store.put(OTHER, `${largest}${'x'.repeat(10_000)}`, LATER).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_FAILED', retryable: false, outcome: 'none' });
    expect(await held(OTHER)).toBeNull();
  });

  test('warns of no leak where many calls of one moment share their signal', async () => {
    const warned: string[] = [];
    const hear = (warning: Error): void => void warned.push(warning.name);
    process.on('warning', hear);
    onTestFinished(() => void process.off('warning', hear));
    const store = await open();
    await Promise.all(Array.from({ length: 50 }, () => store.read(KEY)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(warned).toEqual([]);
  });
});
