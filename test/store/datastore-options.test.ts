import { Datastore } from '@google-cloud/datastore';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type DatastoreStoreOptions, openDatastore } from '../../src/store/datastore.ts';
import { makeClient } from '../../src/store/datastore-client.ts';
import { parseDatastoreUrl } from '../../src/store/datastore-url.ts';
import { storeFromUrl } from '../../src/url.ts';
import { datastoreMissing, PROJECT, startDatastore } from '../support/servers/datastore.ts';
import { called } from '../support/servers/program.ts';

const KEY = 'a'.repeat(64);

describe.skipIf(datastoreMissing !== undefined)(called('a Datastore store opens', datastoreMissing), async () => {
  const server = datastoreMissing === undefined ? await startDatastore() : undefined;
  const endpoint = server?.endpoint ?? '';

  test('in as many ways as there are, each reaching the same records', async () => {
    const project = PROJECT;
    const client = new Datastore({ projectId: PROJECT, apiEndpoint: endpoint });
    const ways: (() => Promise<Awaited<ReturnType<typeof openDatastore>>>)[] = [
      () => openDatastore({ url: server?.url('sessions', 'shop') ?? '' }),
      () => storeFromUrl(server?.url('sessions', 'shop') ?? ''),
      () => openDatastore({ url: `datastore://${project}?endpoint=${endpoint}`, kind: 'sessions', namespace: 'shop' }),
      () => openDatastore({ project, endpoint, kind: 'sessions', namespace: 'shop' }),
      () => openDatastore({ client, kind: 'sessions', namespace: 'shop' }),
      () => openDatastore({ client: Promise.resolve(client), kind: 'sessions', namespace: 'shop' }),
    ];
    const first = await openDatastore({ project, endpoint, kind: 'sessions', namespace: 'shop' });
    await first.put(KEY, 'x', Date.now());
    await first.close?.();
    for (const open of ways) {
      const store = await open();
      expect((await store.read(KEY))?.document).toBe('x');
      await store.close?.();
    }
    // The client that was handed in is its owner's.
    const [entity] = await client.get(client.key({ namespace: 'shop', path: ['sessions', KEY] }));
    expect(entity.document).toBe('x');
    await server?.stop();
  });

  test('by DATASTORE_EMULATOR_HOST, and in the namespace of the client', async () => {
    const again = await startDatastore();
    onTestFinished(() => again.stop());
    const before = process.env.DATASTORE_EMULATOR_HOST;
    process.env.DATASTORE_EMULATOR_HOST = again.host;
    onTestFinished(() => {
      if (before === undefined) delete process.env.DATASTORE_EMULATOR_HOST;
      else process.env.DATASTORE_EMULATOR_HOST = before;
    });
    const client = new Datastore({ projectId: PROJECT, namespace: 'theirs' });
    const store = await openDatastore({ client });
    await store.put(KEY, 'x', Date.now());
    const same = await openDatastore({ project: PROJECT, namespace: 'theirs', kind: 'coatcheck_sessions' });
    expect((await same.read(KEY))?.document).toBe('x');
    const other = await openDatastore({ project: PROJECT });
    expect(await other.read(KEY)).toBeUndefined();
    for (const opened of [store, same, other]) await opened.close?.();
  });
});

describe('a Datastore store does not open', () => {
  const invalid = (options: unknown) => openDatastore(options as DatastoreStoreOptions);

  test.each<readonly [string, unknown, RegExp]>([
    ['a url beside a client', { url: 'datastore:', client: {} }, /not two of them/],
    ['a url beside a project', { url: 'datastore:', project: 'shop' }, /not two of them/],
    ['a client beside an endpoint', { client: {}, endpoint: 'http://127.0.0.1:1' }, /not two of them/],
    ['a client that is none', { client: { get() {} } }, /must be a client of `@google-cloud\/datastore`/],
    ['an empty project', { project: '' }, /`project` must be text/],
    ['an emulator on another host', { endpoint: 'http://datastore:8081' }, /set DATASTORE_EMULATOR_HOST/],
    ['an endpoint without a scheme', { endpoint: '127.0.0.1:8081' }, /`endpoint` must be a URL/],
    ['a kind that Datastore keeps for itself', { kind: '__sessions__' }, /`kind` must be short text/],
    ['a namespace with a slash', { namespace: 'a/b' }, /`namespace` must be short text/],
    ['two kinds', { url: 'datastore://shop/one', kind: 'two' }, /Leave `kind` out/],
    ['two namespaces', { url: 'datastore://shop?namespace=one', namespace: 'two' }, /Leave `namespace` out/],
  ])('for %s', async (_what, options, says) => {
    await expect(invalid(options)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(says),
    });
  });

  test.each([
    ['dataset', /is called client/],
    ['projectId', /is called project/],
    ['keyFilename', /GOOGLE_APPLICATION_CREDENTIALS/],
    ['expirationMs', /lifetime/],
    ['prefix', /namespace and kind/],
    ['maxRetries', /The options are client, database, endpoint, kind, namespace, project, url/],
  ])('for the option %s, and says what to write', async (name, says) => {
    await expect(invalid({ [name]: 1 })).rejects.toMatchObject({
      code: 'OPTION_UNKNOWN',
      message: expect.stringMatching(says),
    });
  });

  test('where there are no credentials, and the process goes on', async () => {
    const before = process.env.GOOGLE_APPLICATION_CREDENTIALS;
    process.env.GOOGLE_APPLICATION_CREDENTIALS = '/nowhere/credentials.json';
    // An emulator wants none.
    vi.stubEnv('DATASTORE_EMULATOR_HOST', '');
    const unheard: unknown[] = [];
    const hear = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', hear);
    onTestFinished(() => {
      process.off('unhandledRejection', hear);
      vi.unstubAllEnvs();
      if (before === undefined) delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
      else process.env.GOOGLE_APPLICATION_CREDENTIALS = before;
    });
    await expect(openDatastore({ project: 'shop' })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      outcome: 'none',
      retryable: false,
      message: expect.stringMatching(/there are no Google credentials/),
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(unheard).toEqual([]);
  });

  test('and leaves no rejected promise where a connection that was never made is closed', async () => {
    const unheard: unknown[] = [];
    const hear = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', hear);
    onTestFinished(() => void process.off('unhandledRejection', hear));
    class Broken {
      clients_ = new Map([['DatastoreClient', { close: () => Promise.reject(new Error('no stub')) }]]);
    }
    makeClient({ Datastore: Broken } as never, {}).close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(unheard).toEqual([]);
  });

  test('where a client’s promise fails', async () => {
    const client = Promise.reject(new Error('no client today'));
    await expect(openDatastore({ client })).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'none' });
  });
});

describe('a URL of Datastore', () => {
  test.each([
    ['datastore:', {}],
    ['datastore://', {}],
    ['datastore:///sessions', { kind: 'sessions' }],
    ['datastore://shop', { project: 'shop' }],
    ['datastore://example.com:shop-7/web.sessions', { project: 'example.com:shop-7', kind: 'web.sessions' }],
    [
      'datastore://shop/sessions?namespace=eu&database=visitors&endpoint=http://127.0.0.1:8081',
      { project: 'shop', kind: 'sessions', namespace: 'eu', database: 'visitors', endpoint: 'http://127.0.0.1:8081' },
    ],
  ])('%s', (url, said) => {
    const nothing = { project: undefined, kind: undefined, namespace: undefined, database: undefined };
    expect(parseDatastoreUrl(url)).toEqual({ ...nothing, endpoint: undefined, ...said });
  });

  test.each([
    'datastore://key:hunter2@shop/sessions',
    'datastore://shop/%E0%A4hunter2',
    'datastore://shop/sessions?key=hunter2',
    'datastore://shop/sessions#hunter2',
    'datastore:hunter2',
  ])('%s is refused without being repeated', (url) => {
    const refused = () => parseDatastoreUrl(url);
    expect(refused).toThrow(expect.objectContaining({ code: 'STORE_URL_INVALID' }));
    expect(refused).toThrow(/looks like datastore:/);
    expect(refused).not.toThrow(/hunter2/);
  });
});
