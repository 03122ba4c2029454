import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSessions, type SessionEvent } from 'coatcheck';
import type { Store } from 'coatcheck/store/contract';
import { migrating } from 'coatcheck/store/migrating';
import { createTable, openPostgres } from 'coatcheck/store/postgres';
import { openRedis } from 'coatcheck/store/redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appOn } from '../../examples/reference/app.ts';
import { readSettings } from '../../examples/reference/env.ts';
import { nodeApp } from '../../examples/reference/node.ts';
import { closedNonce } from '../../src/codec/closed.ts';
import { CookieJar } from '../../src/testing/cookie-jar.ts';
import { called, redisProgram, startRedis } from '../support/redis.ts';
import { postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import { until } from './app.ts';
import { tell, Visitor } from './visitor.ts';

const absent = (await redisProgram('redis')).missing ?? postgresMissing;
const NAMES = ['ann', 'bob', 'cid', 'dot', 'eve', 'fay'] as const;
type Name = (typeof NAMES)[number];

/** The reference application on one store or another. */
class App {
  readonly events: SessionEvent[] = [];
  readonly #server: Server;
  readonly #close: () => Promise<void>;

  constructor(store: Store) {
    const sessions = createSessions({
      store,
      // What is looked at is not how fast a busy machine is.
      deadline: '20s',
      ownerOf: (data) => (data as { user?: string }).user,
      onEvent: (event) => this.events.push(event),
    });
    this.#server = createServer(nodeApp(appOn(sessions, readSettings({}))));
    this.#close = () => sessions.close();
  }

  async start(): Promise<number> {
    await new Promise<void>((listening) => this.#server.listen(0, '127.0.0.1', listening));
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
    await this.#close();
  }
}

describe.skipIf(absent !== undefined)(called('from Redis to PostgreSQL by HTTP', absent), () => {
  const jars = Object.fromEntries(NAMES.map((name) => [name, new CookieJar()])) as Record<Name, CookieJar>;
  let stores: { readonly from: Store; readonly to: Store };
  let stop: () => Promise<unknown>;
  let app: App;
  let port: number;
  const at = (name: Name): Visitor => new Visitor(port, { jar: jars[name] });
  const on = async (store: Store): Promise<void> => {
    await app?.stop();
    app = new App(store);
    port = await app.start();
  };
  const walk = async (store: Store): Promise<string[]> =>
    ((await store.scan?.(undefined, 1000))?.entries ?? []).map(({ key }) => key);

  beforeAll(async () => {
    const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
    const url = await postgres.database();
    await createTable({ url });
    stores = { from: await openRedis({ url: redis.url }), to: await openPostgres({ url }) };
    stop = async () => {
      await Promise.all([stores.from.close?.(), stores.to.close?.()]);
      await Promise.all([redis.stop(), postgres.stop()]);
    };
  });
  afterAll(async () => {
    await app?.stop();
    await stop();
  });

  test('cookies that Redis alone knows are sent', async () => {
    await on(stores.from);
    for (const name of NAMES) {
      await at(name).post('/set', { k: 'user', v: name });
      expect((await at(name).post('/incr', { k: 'n' })).json).toEqual({ ok: true, value: 1 });
    }
    expect(await walk(stores.from)).toHaveLength(NAMES.length);
  });

  test('they go on to work on both, and nobody is sent another', async () => {
    await on(migrating(stores));
    for (const name of NAMES) {
      const told = await at(name).get('/get?k=user');
      expect([told.json, told.setCookie]).toEqual([{ value: name }, []]);
    }
    expect(await walk(stores.to)).toEqual([]);
    const bumps = await Promise.all(Array.from({ length: 20 }, () => at('ann').post('/incr', { k: 'n' })));
    for (const { status, setCookie } of bumps) expect([status, setCookie]).toEqual([200, []]);
    expect((await at('ann').get('/get?k=n')).json).toEqual({ value: 21 });
    expect(await walk(stores.to)).toHaveLength(1);
  });

  test('what ends while both are used stays ended, and what rotates leaves its old cookie behind', async () => {
    const loaded = (): number => app.events.filter(({ type }) => type === 'loaded').length;
    const already = loaded();
    const slow = at('bob').get('/slow?ms=300&k=late&v=1');
    await until(() => loaded() > already);
    const before = { bob: jars.bob.headers(), cid: jars.cid.headers() };
    expect((await at('bob').post('/destroy')).json).toEqual({ ok: true });
    expect((await slow).setCookie).toEqual([]);
    expect((await at('cid').post('/regenerate', { keep: true })).setCookie).toHaveLength(1);
    expect((await at('cid').get('/get?k=user')).json).toEqual({ value: 'cid' });
    for (const headers of Object.values(before)) {
      await tell(port, { path: '/slow?ms=0&k=user&v=thief', headers });
      expect((await tell(port, { path: '/get?k=user', headers })).json).toEqual({ value: null });
    }
  });

  test('with the rest copied, all of them work on PostgreSQL alone, and what ended does not', async () => {
    await at('dot').post('/incr', { k: 'n' });
    for (const key of await walk(stores.from)) {
      const record = await stores.from.read(key);
      if (record === undefined || closedNonce(record.document) !== undefined) continue;
      await stores.to.create(key, record.document, record.expiresAt, record.owner);
    }
    const ended = (await walk(stores.to)).length;
    await on(stores.to);
    const counts = { ann: 21, cid: 1, dot: 2, eve: 1, fay: 1 };
    for (const [name, value] of Object.entries(counts)) {
      expect((await at(name as Name).get('/get?k=user')).json).toEqual({ value: name });
      expect((await at(name as Name).get('/get?k=n')).json).toEqual({ value });
      expect((await at(name as Name).post('/incr', { k: 'n' })).json).toEqual({ ok: true, value: value + 1 });
    }
    expect((await at('bob').get('/get?k=user')).json).toEqual({ value: null });
    expect(await walk(stores.to)).toHaveLength(ended);
  });
});
