import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type CommandStartedEvent, MongoClient } from 'mongodb';
import { MongoClient as MongoClient7 } from 'mongodb7';
import { afterAll, afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { MongodbStoreOptions } from '../../src/store/mongodb.ts';
import { openMongodb } from '../../src/store/mongodb.ts';
import { Patience } from '../../src/store/mongodb-patience.ts';
import { called } from '../support/redis.ts';
import { freePort } from '../support/servers/child.ts';
import { mongodbMissing, startMongodb } from '../support/servers/mongodb.ts';

const KEY = 'a'.repeat(64);
const LATER = 4_000_000_000_123;

describe('options', () => {
  const url = 'mongodb://127.0.0.1:1';
  test.each([
    [{}],
    [{ client: undefined }],
    [{ client: {} }],
    [{ client: 5 }],
    [{ url: 5 }],
    [{ collection: 'sessions' }],
    [{ collection: {} }],
    [{ collection: { collectionName: 'a', dbName: 'b' } }],
    [{ client: {}, url }],
    [{ collection: {}, url }],
    [{ collection: {}, database: 'shop' }],
    [{ url, database: '' }],
    [{ url, database: 'a b' }],
    [{ url, database: 'a.b' }],
    [{ url, database: 'x'.repeat(64) }],
    [{ url, database: 5 }],
    [{ url, collection: '' }],
    [{ url, collection: 'a$b' }],
    [{ url, collection: 'system.users' }],
    [{ url, collection: 'x'.repeat(121) }],
    [{ url, collection: 5 }],
    [{ url: `${url}/?collection=system.users` }],
    [{ url: `${url}/?database=a%20b` }],
  ])('%j is refused', async (options) => {
    await expect(openMongodb(options as unknown as MongodbStoreOptions)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
  });

  test('a timeout beyond what a timer can do is no timeout at once', async () => {
    const signal = new Patience(2 ** 40).signal();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(signal.aborted).toBe(false);
  });

  test.each([[{ url, timeout: 2000 }], [{ url, timeout: '0s' }]])('%j is no duration', async (options) => {
    await expect(openMongodb(options as unknown as MongodbStoreOptions)).rejects.toMatchObject({
      message: expect.stringContaining('timeout'),
    });
  });

  test.each([
    'mongo://hunter2',
    'mongodb:hunter2',
    'mongodb://',
    'mongodb://ann:hunter2@h/a/b',
    'mongodb://ann:hunter2@h#a',
    'mongodb://ann:hun%ter2@h',
    'mongodb://ann:hunter2@h:port',
    'mongodb://ann:hunter2@h/?collection=%',
    'mongodb://ann:hunter2@h/?database=a&database=hunter2',
    'mongodb://ann:hunter2@h/?hunter2=1',
    'mongodb://ann:hunter2@h/?w=hunter2&j=hunter2',
    'mongodb+srv://ann:hunter2@h:1/',
  ])('%s is no URL, and is not repeated', async (wrong) => {
    const error = await openMongodb({ url: wrong }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_URL_INVALID', message: expect.stringMatching(/^MongoDB store: /) });
    expect(`${error} ${JSON.stringify((error as Error).cause)}`).not.toMatch(/(ann:|[:=])hunter2/);
  });

  test('a URL that the driver does not understand is refused with the name of the option', async () => {
    const error = openMongodb({ url: 'mongodb://h/?maxPool=5' });
    await expect(error).rejects.toThrow(/has no option maxpool/i);
  });
});

describe('drivers', () => {
  afterEach(() => {
    vi.doUnmock('mongodb');
    vi.resetModules();
  });

  test('a missing one is an error that says what to install', async () => {
    vi.doMock('mongodb', () => {
      throw new Error('not installed');
    });
    vi.resetModules();
    const { openMongodb: open } = await import('../../src/store/mongodb.ts');
    await expect(open({ url: 'mongodb://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'DRIVER_MISSING',
      message: expect.stringMatching(/npm install mongodb/),
    });
  });

  test('a server that a driver is too new for is refused with what it says', async () => {
    if (mongodbMissing !== undefined) return;
    const server = await startMongodb();
    onTestFinished(() => server.stop());
    // Version 7 speaks to MongoDB 4.4 and newer, and mongo-java-server says that it is older.
    const client = new MongoClient7(server.url, { serverSelectionTimeoutMS: 500 });
    onTestFinished(() => client.close());
    await expect(openMongodb({ client })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      cause: expect.objectContaining({ message: expect.stringMatching(/wire version/) }),
    });
  });
});

describe.skipIf(mongodbMissing !== undefined)(called('clients', mongodbMissing), async () => {
  const server = mongodbMissing === undefined ? await startMongodb() : undefined;
  const url = `${server?.url}`;
  afterAll(() => server?.stop());
  const clientOf = (options: object = {}, at = url): MongoClient => {
    const client = new MongoClient(at, options);
    onTestFinished(() => client.close());
    return client;
  };

  test('may come as promises, and a promise that fails is an error of the store', async () => {
    const client = clientOf();
    const store = await openMongodb({ client: Promise.resolve(client), database: 'promised' });
    await store.put(KEY, 'x', LATER);
    const collection = client.db('promised').collection('coatcheck_sessions');
    const same = await openMongodb({ collection: Promise.resolve(collection) });
    expect((await same.read(KEY))?.document).toBe('x');
    await expect(openMongodb({ client: Promise.reject(new Error('no')) })).rejects.toMatchObject({
      code: 'STORE_FAILED',
    });
    await expect(openMongodb({ collection: Promise.reject(new Error('no')) })).rejects.toMatchObject({
      code: 'STORE_FAILED',
    });
  });

  test('of the user stay open and as they are when the store is closed', async () => {
    const client = clientOf();
    await client.connect();
    const listeners = client.eventNames().length;
    const options = JSON.stringify(client.options.writeConcern);
    const store = await openMongodb({ client, database: 'closing' });
    await store.close?.();
    await store.close?.();
    const closed = {
      code: 'STORE_FAILED',
      retryable: false,
      outcome: 'none',
      message: expect.stringMatching(/was closed/),
    };
    await expect(store.read(KEY)).rejects.toMatchObject(closed);
    await expect(store.readMany?.([KEY])).rejects.toMatchObject(closed);
    await expect(store.create(KEY, 'x', LATER)).rejects.toMatchObject(closed);
    await expect(store.update(KEY, 'v', 'x', LATER)).rejects.toMatchObject(closed);
    await expect(store.touch(KEY, 'v', LATER)).rejects.toMatchObject(closed);
    await expect(store.destroy(KEY)).rejects.toMatchObject(closed);
    await expect(store.put(KEY, 'x', LATER)).rejects.toMatchObject(closed);
    await expect(store.listOwned?.('n')).rejects.toMatchObject(closed);
    await expect(store.forget?.('n', KEY)).rejects.toMatchObject(closed);
    await expect(store.sweep?.(1, 1)).rejects.toMatchObject(closed);
    await expect(store.scan?.(undefined, 1)).rejects.toMatchObject(closed);
    expect([client.eventNames().length, JSON.stringify(client.options.writeConcern)]).toEqual([listeners, options]);
    expect(await client.db('closing').command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  test('that their owner has closed are said to be so, and nothing is in doubt', async () => {
    const client = clientOf();
    const store = await openMongodb({ client, database: 'closed' });
    await client.close();
    const closed = { code: 'STORE_FAILED', outcome: 'none', message: expect.stringMatching(/client was closed/) };
    await expect(store.put(KEY, 'x', LATER)).rejects.toMatchObject(closed);
    await expect(store.read(KEY)).rejects.toMatchObject(closed);
  });

  test('of ours are closed with the store', async () => {
    const connections = new Set<Socket>();
    const relay = createServer((socket) => {
      connections.add(socket);
      socket.once('close', () => connections.delete(socket));
      socket
        .on('error', () => undefined)
        .pipe(connect(server?.port ?? 0, '127.0.0.1'))
        .on('error', () => undefined)
        .pipe(socket);
    });
    onTestFinished(() => void relay.close());
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const store = await openMongodb({ url: `mongodb://127.0.0.1:${(relay.address() as AddressInfo).port}/ours` });
    expect(connections.size).toBeGreaterThan(0);
    await store.close?.();
    await expect.poll(() => connections.size).toBe(0);
  });

  test('that could not connect at first are connected when the store is opened once more', async () => {
    const port = await freePort();
    const client = clientOf({ serverSelectionTimeoutMS: 300 }, `mongodb://127.0.0.1:${port}`);
    await expect(openMongodb({ client })).rejects.toMatchObject({ retryable: true, outcome: 'none' });
    const late = await startMongodb({ port });
    onTestFinished(() => late.stop());
    expect(await (await openMongodb({ client })).read(KEY)).toBeUndefined();
  });

  test('read from the primary and write to the majority, whatever they are told', async () => {
    const client = clientOf({
      monitorCommands: true,
      readPreference: 'secondaryPreferred',
      readConcern: { level: 'available' },
      writeConcern: { w: 0 },
    });
    const heard: CommandStartedEvent[] = [];
    const store = await openMongodb({ client, database: 'habits' });
    client.on('commandStarted', (event) => heard.push(event));
    const created = await store.create(KEY, 'x', LATER, { name: 'ann', until: LATER });
    const version = created.result === 'ok' ? created.version : '';
    await store.read(KEY);
    await store.readMany?.([KEY]);
    await store.touch(KEY, version, LATER + 1);
    await store.update(KEY, version, 'y', LATER);
    await store.put(KEY, 'z', LATER, { name: 'ann', until: LATER });
    await store.listOwned?.('ann');
    await store.forget?.('ann', KEY);
    await store.scan?.(undefined, 10);
    await store.destroy(KEY);
    await store.create(KEY, 'x', 1);
    await store.sweep?.(2, 10);
    const [reads, writes] = [heard.filter(isFind), heard.filter((event) => !isFind(event))];
    expect(reads.map(({ command }) => command.readConcern)).toEqual(reads.map(() => ({ level: 'local' })));
    expect(heard.filter(({ command }) => command.$readPreference !== undefined)).toEqual([]);
    expect(writes.map(({ command }) => command.writeConcern)).toEqual(writes.map(() => ({ w: 'majority' })));
    // Sent again by the driver they would have a number.
    expect(heard.filter(({ command }) => command.txnNumber !== undefined)).toEqual([]);
    expect([reads.length, writes.length]).toEqual([5, 8]);
  });

  test('name the database, or the URL and the options do', async () => {
    const where = async (options: MongodbStoreOptions, database: string, collection: string): Promise<void> => {
      const store = await openMongodb(options);
      await store.put(KEY, 'x', LATER);
      await store.close?.();
      const found = clientOf().db(database).collection<{ _id: string }>(collection);
      expect(await found.countDocuments({ _id: KEY }), `${database}.${collection}`).toBe(1);
      await found.drop();
    };
    await where({ url }, 'test', 'coatcheck_sessions');
    await where({ url: `${url}/shop` }, 'shop', 'coatcheck_sessions');
    await where({ url: `${url}/shop`, database: 'other', collection: 'visitors' }, 'other', 'visitors');
    await where({ url: `${url}/shop?database=second&appName=x&collection=two` }, 'second', 'two');
    await where({ client: clientOf({}, `${url}/of-client`) }, 'of-client', 'coatcheck_sessions');
    await where({ client: clientOf(), database: 'given', collection: 'mine' }, 'given', 'mine');
    await where({ collection: clientOf().db('third').collection('three') }, 'third', 'three');
  });

  test('of two processes make the indexes once, and take those that are there', async () => {
    const names = async (): Promise<unknown> => {
      const indexes = await clientOf().db('indexes').collection('coatcheck_sessions').indexes();
      return indexes.map(({ name, expireAfterSeconds }) => [name, expireAfterSeconds]).sort();
    };
    await Promise.all([
      openMongodb({ client: clientOf(), database: 'indexes' }),
      openMongodb({ client: clientOf(), database: 'indexes' }),
    ]);
    const made = await names();
    expect(made).toEqual([
      ['_id_', undefined],
      ['expires_1', 0],
      ['owner_1__id_1', undefined],
    ]);
    await openMongodb({ client: clientOf(), database: 'indexes' });
    expect(await names()).toEqual(made);
  });
});

describe.skipIf(mongodbMissing !== undefined)(called('a MongoDB that does not answer', mongodbMissing), () => {
  test('makes writes fail at once while it is known to be away, and none is done later', async () => {
    const server = await startMongodb();
    onTestFinished(() => server.stop());
    const client = new MongoClient(server.url);
    onTestFinished(() => client.close());
    const store = await openMongodb({ client });
    await store.put(KEY, 'before', LATER);
    await server.kill();
    const failed = { code: 'STORE_FAILED', retryable: true };
    await expect(store.put(KEY, 'meanwhile', LATER)).rejects.toMatchObject(failed);
    const offline = { ...failed, outcome: 'none', message: expect.stringMatching(/no connection to a MongoDB/) };
    await expect.poll(() => store.put(KEY, 'm', LATER).catch((error: unknown) => error)).toMatchObject(offline);
    const begun = performance.now();
    await expect(store.put(KEY, 'meanwhile', LATER)).rejects.toMatchObject(offline);
    expect(performance.now() - begun).toBeLessThan(100);
    await server.restart();
    const back = performance.now();
    await expect.poll(() => store.touch(KEY, 'v', LATER).catch(() => 'not yet'), { timeout: 8000 }).toBe(false);
    expect(performance.now() - back).toBeLessThan(1500);
    expect((await store.read(KEY))?.document).toBe('before');
  });

  test('drops a call that it kept for a connection when the time is over, and does not do it later', async () => {
    const server = await startMongodb();
    onTestFinished(() => server.stop());
    // One connection, so that the second call waits for the first.
    const client = new MongoClient(server.url, { maxPoolSize: 1 });
    onTestFinished(() => client.close());
    const store = await openMongodb({ client, timeout: '300ms' });
    const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
    server.pause();
    onTestFinished(() => server.resume());
    const late = {
      code: 'STORE_FAILED',
      outcome: 'unknown',
      retryable: true,
      message: expect.stringMatching(/in time/),
    };
    const begun = performance.now();
    await Promise.all([one, two].map((key) => expect(store.create(key, 'late', LATER)).rejects.toMatchObject(late)));
    expect(performance.now() - begun).toBeLessThan(1000);
    await expect(store.read(one)).rejects.toMatchObject({ outcome: 'none', retryable: true });
    server.resume();
    await expect.poll(() => store.read(KEY).catch(() => 'not yet'), { timeout: 5000 }).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 300));
    // The first was on its way, and the server may have done it.
    expect(await store.read(two)).toBeUndefined();
  });

  test('is an error within five seconds at the start, although a client of the user would wait for longer', async () => {
    const client = new MongoClient(`mongodb://127.0.0.1:${await freePort()}`);
    onTestFinished(() => client.close());
    const begun = performance.now();
    await expect(openMongodb({ client })).rejects.toMatchObject({ outcome: 'none', retryable: true });
    expect(performance.now() - begun).toBeLessThan(6000);
  }, 10_000);
});

function isFind({ commandName }: CommandStartedEvent): boolean {
  return commandName === 'find';
}
