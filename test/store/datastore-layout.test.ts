import { Datastore, PropertyFilter, Query } from '@google-cloud/datastore';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { openDatastore } from '../../src/store/datastore.ts';
import { datastoreNowhere, datastorePlace, PROJECT } from '../support/servers/datastore.ts';
import { called } from '../support/servers/program.ts';

const KEY = 'a'.repeat(64);
const OTHER = 'c'.repeat(64);
const ANN = { name: 'b'.repeat(64), until: 1_795_280_000_500.5 };
const AT = 1_795_280_000_123.25;

if (datastoreNowhere !== undefined) {
  describe.skip(called('the layout in Datastore', datastoreNowhere), () => test('holds', () => undefined));
} else {
  const place = await datastorePlace();
  afterAll(() => place.stop());
  const client = new Datastore({
    projectId: PROJECT,
    apiEndpoint: place.apiEndpoint,
    namespace: place.namespace('shop'),
  });
  let kinds = 0;
  const opened = async (): Promise<{ store: Store; kind: string }> => {
    const kind = `layout-${kinds++}`;
    const store = await openDatastore({ url: place.url(kind, 'shop') });
    onTestFinished(() => store.close?.());
    return { store, kind };
  };
  const put = (kind: string, data: object) =>
    client.save({ key: client.key([kind, KEY]), data, excludeFromIndexes: ['document'] });

  describe('in Datastore', () => {
    test('a record is one entity with its key as name, and a ttl a minute late', async () => {
      const { store, kind } = await opened();
      const created = await store.create(KEY, '{"n":1}', AT, ANN);
      const [entity] = await client.get(client.key([kind, KEY]));
      // Without its key, which stands under a symbol.
      expect(Object.fromEntries(Object.entries(entity))).toEqual({
        document: '{"n":1}',
        version: created.result === 'ok' ? created.version : '',
        expiresAt: AT,
        ttl: new Date(1_795_280_060_124),
        owner: ANN.name,
        until: ANN.until,
      });
    });

    test('touch moves the ttl, and keeps version, document and owner', async () => {
      const { store, kind } = await opened();
      const created = await store.create(KEY, new Uint8Array([0, 255]), AT, ANN);
      const version = created.result === 'ok' ? created.version : '';
      expect(await store.touch(KEY, version, AT + 1000)).toBe(true);
      const [entity] = await client.get(client.key([kind, KEY]));
      expect(entity.ttl).toEqual(new Date(1_795_280_061_124));
      expect(await store.read(KEY)).toEqual({
        document: new Uint8Array([0, 255]),
        version,
        expiresAt: AT + 1000,
        owner: ANN,
      });
    });

    test('only ttl and owner are indexed', async () => {
      const { store, kind } = await opened();
      await store.create(KEY, 'x', AT, ANN);
      const found = async (property: string, value: unknown) =>
        (await client.runQuery(client.createQuery(kind).filter(new PropertyFilter(property, '=', value))))[0].length;
      expect([await found('owner', ANN.name), await found('ttl', new Date(1_795_280_060_124))]).toEqual([1, 1]);
      expect([await found('document', 'x'), await found('expiresAt', AT), await found('until', ANN.until)]).toEqual([
        0, 0, 0,
      ]);
    });

    test('a foreign entity is an error of that record alone, and is written over by put only', async () => {
      const { store, kind } = await opened();
      await store.create(OTHER, 'x', AT);
      const foreign = { code: 'STORE_FAILED', outcome: 'none', message: expect.stringMatching(/a kind of its own/) };
      for (const data of [
        {},
        { document: '' },
        { document: 5, version: 'v', expiresAt: 5 },
        { n: client.int('9223372036854775807') },
      ]) {
        await put(kind, data);
        await expect(store.read(KEY)).rejects.toMatchObject(foreign);
        await expect(store.create(KEY, 'x', AT)).rejects.toMatchObject(foreign);
        await expect(store.update(KEY, 'v', 'x', AT)).rejects.toMatchObject(foreign);
        await expect(store.touch(KEY, 'v', AT)).rejects.toMatchObject(foreign);
        const [first, second] = (await store.readMany?.([KEY, OTHER])) ?? [];
        expect([first, second]).toMatchObject([foreign, { document: 'x' }]);
        expect((await store.scan?.(undefined, 10))?.entries).toMatchObject([{ key: OTHER }]);
      }
      await store.put(KEY, 'y', AT);
      expect((await store.read(KEY))?.document).toBe('y');
    });

    test('a client of another copy of the package, which does not know our filters, finds nobody else’s records', async () => {
      const { store, kind } = await opened();
      await store.create(KEY, 'x', AT, ANN);
      await store.create(OTHER, 'x', AT);
      const createQuery = (namespace: string, named: string): object => {
        const query = client.createQuery(namespace, named);
        const filter = (property: string, operator: '=', value: unknown): object =>
          value === undefined ? query : Query.prototype.filter.call(query, property, operator, value);
        return Object.assign(query, { filter });
      };
      const other = Object.assign(Object.create(client), { createQuery });
      const theirs = await openDatastore({ client: other, kind });
      expect(await theirs.listOwned?.(ANN.name)).toEqual([KEY]);
    });

    test('sweep leaves a foreign entity, whatever its ttl', async () => {
      const { store, kind } = await opened();
      await put(kind, { ttl: new Date(0), document: 'theirs' });
      expect(await store.sweep?.(Date.now(), 10)).toBe(0);
      expect((await client.get(client.key([kind, KEY])))[0].document).toBe('theirs');
    });

    test('the largest document that is promised fits, with an owner and a name space', async () => {
      const { store } = await opened();
      const key = `${'s'.repeat(64)}:${KEY}`;
      const { maxBytes } = store.capabilities;
      const document = '\u00e9'.repeat(maxBytes / 2);
      expect((await store.create(key, document, AT, ANN)).result).toBe('ok');
      expect((await store.read(key))?.document === document).toBe(true);
    });

    test('a time that is none is refused before anything is written', async () => {
      const { store } = await opened();
      const created = await store.create(OTHER, 'x', AT);
      const version = created.result === 'ok' ? created.version : '';
      for (const time of [Number.NaN, Number.POSITIVE_INFINITY, -1, 8.65e15]) {
        const refused = { code: 'OPTION_INVALID' };
        await expect(store.create(KEY, 'x', time)).rejects.toMatchObject(refused);
        await expect(store.update(OTHER, version, 'y', time)).rejects.toMatchObject(refused);
        await expect(store.put(KEY, 'x', time)).rejects.toMatchObject(refused);
      }
      expect(await store.read(KEY)).toBeUndefined();
      expect(await store.read(OTHER)).toMatchObject({ document: 'x', version });
    });

    test('of two updates whose transactions overlap one is stored, and the other is told to come again', async () => {
      const { store } = await opened();
      const created = await store.create(KEY, 'x', AT);
      const version = created.result === 'ok' ? created.version : '';
      const told = await Promise.allSettled(['a', 'b', 'c'].map((text) => store.update(KEY, version, text, AT)));
      const stored = told.filter((one) => one.status === 'fulfilled' && one.value.result === 'ok');
      expect(stored).toHaveLength(1);
      for (const one of told) {
        if (one.status === 'rejected') {
          expect(one.reason).toMatchObject({ code: 'STORE_FAILED', retryable: true, outcome: 'none' });
        }
      }
      expect(told.some(({ status }) => status === 'rejected')).toBe(true);
    });
  });
}
