import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { storeFromUrl } from '../../src/url.ts';
import { freePort } from '../support/servers/child.ts';
import { type Memcached, memcachedMissing, startMemcached } from '../support/servers/memcached.ts';
import { called } from '../support/servers/program.ts';
import { Browser } from '../support/visit.ts';
import { type App, fleet, refusal } from './app.ts';
import { DEADLINE, Witness } from './dead-store.ts';
import { type Told, Visitor } from './visitor.ts';

const { start } = fleet();

describe.skipIf(memcachedMissing !== undefined)(called('faults of memcached', memcachedMissing), () => {
  let memcached: Memcached;
  let app: App;
  let witness: Witness;
  beforeAll(async () => {
    memcached = await startMemcached();
    app = await start({ ADAPTER: 'express', SESSION_URI: memcached.url });
  }, 60_000);
  afterAll(async () => {
    await app.stop();
    await memcached.stop();
  });
  beforeEach(async () => {
    witness = new Witness(app);
    await witness.arrive();
  });

  /** It works again, soon; nobody is logged in any more, and the old ticket brings nothing back. */
  async function begunAnew(): Promise<void> {
    const before = witness.visitor.jar.headers();
    const { ms, json } = await witness.timed(async () => {
      for (;;) {
        const told = await witness.write();
        if (told.status === 200) return told;
        await sleep(20);
      }
    });
    expect(ms).toBeLessThan(1500);
    expect(json).toEqual({ ok: true, value: 1 });
    expect((await witness.read()).json).toEqual({ value: null });
    expect(witness.visitor.jar.headers()).not.toEqual(before);
    expect((await new Visitor(app.port).ask({ path: '/keys', headers: before })).json).toEqual({ keys: [] });
  }

  test('a dead one: a 503 in time and no cookie lost; a logout fails, and takes its cookie away all the same', async () => {
    await memcached.kill();
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none');
    await witness.comesAndGoes();
    await memcached.restart();
    await begunAnew();
  });

  test('one that is away for more than a second costs nobody a wait', async () => {
    await memcached.kill();
    await sleep(1100);
    await witness.refused(witness.read, 'none', 200);
    await witness.refused(witness.write, 'none', 200);
    await memcached.restart();
    await begunAnew();
  });

  test('one that was killed between two requests is used when it is back, and has logged everybody out', async () => {
    await memcached.kill();
    await memcached.restart();
    await begunAnew();
  });

  test('one that is killed while requests are under way leaves each of them stored, refused or in doubt', async () => {
    const many = Array.from({ length: 20 }, () => witness.write());
    await many[0];
    await memcached.kill();
    const answers = await Promise.all(many);
    await memcached.restart();
    for (const { status, json, setCookie } of answers) {
      expect([200, 503]).toContain(status);
      expect(setCookie).toEqual([]);
      if (status === 503) expect(json.error).toMatchObject({ outcome: expect.stringMatching(/^(none|unknown)$/) });
    }
    await begunAnew();
  });

  test('one that answers nothing is waited for up to the deadline, and then not asked until it is back', async () => {
    await memcached.pause();
    onTestFinished(() => memcached.resume());
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none', 0);
    await witness.comesAndGoes();
    memcached.resume();
    await witness.recovered();
  });

  test('one that answers nothing for longer than a connection is kept is found again, with all that it had', async () => {
    await memcached.pause();
    onTestFinished(() => memcached.resume());
    for (let times = 0; times < 4; times++) {
      await witness.refused(witness.read, 'none');
      await sleep(1500);
    }
    memcached.resume();
    await witness.recovered();
  });

  test('a write whose answer does not come is in doubt, and gives no cookie', async () => {
    await memcached.pause();
    onTestFinished(() => memcached.resume());
    const { status, json, setCookie } = await new Visitor(app.port).post('/set', { k: 'a', v: 1 });
    expect([status, json.error.outcome, setCookie]).toEqual([503, 'unknown', []]);
    memcached.resume();
    await witness.recovered();
  });
});

describe.skipIf(memcachedMissing !== undefined)(called('faults of one of three memcacheds', memcachedMissing), () => {
  let servers: Memcached[];
  let app: App;
  beforeAll(async () => {
    servers = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
    const hosts = servers.map(({ port }) => `127.0.0.1:${port}`);
    app = await start({ ADAPTER: 'node', SESSION_URI: `memcached://${hosts.join(',')}` });
  }, 60_000);
  afterAll(async () => {
    await app.stop();
    await Promise.all(servers.map((server) => server.stop()));
  });

  /** Visitors whose sessions are on the first server, and others. */
  async function visitors(): Promise<{ hit: Visitor[]; well: Visitor[] }> {
    const [hit, well]: [Visitor[], Visitor[]] = [[], []];
    const held = async (): Promise<number> =>
      Number(/curr_items (\d+)/.exec((await servers[0]?.ask('stats\r\n')) ?? '')?.[1]);
    while (hit.length < 3 || well.length < 3) {
      const before = await held();
      const visitor = new Visitor(app.port);
      expect((await visitor.post('/incr', { k: 'n' })).json).toEqual({ ok: true, value: 1 });
      ((await held()) > before ? hit : well).push(visitor);
    }
    return { hit, well };
  }

  const write = (visitor: Visitor): Promise<Told> => visitor.post('/incr', { k: 'n' });

  test('while it is dead its sessions are a 503, all others go on, and nothing of its is kept elsewhere', async () => {
    const { hit, well } = await visitors();
    await servers[0]?.kill();
    for (let round = 2; round < 5; round++) {
      for (const visitor of hit) {
        const { status, setCookie, json } = await write(visitor);
        expect([status, setCookie, json.error.outcome]).toEqual([503, [], 'none']);
        // Also when nobody but the sessions of the dead one was asked for a while.
        for (const other of well.slice(0, 1)) expect((await other.get('/get?k=n')).json).toEqual({ value: round - 1 });
      }
      for (const visitor of well) expect((await write(visitor)).json).toEqual({ ok: true, value: round });
    }
    await servers[0]?.restart();
    for (const visitor of hit) await expect.poll(async () => (await write(visitor)).status).toBe(200);
    for (const visitor of hit) expect((await visitor.get('/get?k=n')).json.value).toBe(1);
    for (const visitor of well) expect((await visitor.get('/get?k=n')).json).toEqual({ value: 4 });
  });

  test('while it answers nothing the others go on, and it has all its sessions when it is back', async () => {
    const { hit, well } = await visitors();
    const stopped = servers[0] as Memcached;
    await stopped.pause();
    onTestFinished(() => stopped.resume());
    const asked = hit.map((visitor) => visitor.get('/get?k=n'));
    const begun = performance.now();
    while (performance.now() - begun < DEADLINE / 2) {
      // In one turn of the event loop with one that waits.
      asked.push((hit[0] as Visitor).get('/get?k=n'));
      const reads = await Promise.all(well.map((visitor) => visitor.get('/get?k=n')));
      expect(reads.map(({ json }) => json)).toEqual(well.map(() => ({ value: 1 })));
      await sleep(50);
    }
    const answers = await Promise.all(asked);
    expect(answers.map(({ status, setCookie }) => [status, setCookie])).toEqual(asked.map(() => [503, []]));
    stopped.resume();
    for (const visitor of hit) {
      await expect.poll(async () => (await visitor.get('/get?k=n')).json, { timeout: 1500 }).toEqual({ value: 1 });
    }
  });
});

describe.skipIf(memcachedMissing !== undefined)(called('memcached at the start', memcachedMissing), () => {
  test('one that is not there ends the reference application with a message', async () => {
    const uri = `memcached://ann:geheim@127.0.0.1:${await freePort()}`;
    const { status, stderr } = await refusal({ SESSION_URI: uri });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/memcached store, opening: .*no connection/)]);
    expect(stderr).not.toMatch(/geheim| {4}at /);
  });

  test.each([
    ['a wrong password', 'ann:geheim-falsch@'],
    ['no login', ''],
  ])('%s ends it with a message that does not repeat it', async (_name, login) => {
    const memcached = await startMemcached({ login: { username: 'ann', password: 'geheim' } });
    onTestFinished(() => memcached.stop());
    const { status, stderr } = await refusal({ SESSION_URI: `memcached://${login}127.0.0.1:${memcached.port}` });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/password/)]);
    expect(stderr).not.toMatch(/geheim| {4}at /);
  });

  test('one that comes after the application is found by the next request', async () => {
    const port = await freePort();
    const sessions = createSessions({ store: () => storeFromUrl(`memcached://127.0.0.1:${port}`) });
    onTestFinished(() => sessions.close());
    const browser = new Browser(sessions);
    const visit = () => browser.visit((session) => session.set('a', 1));
    for (let times = 0; times < 3; times++) {
      expect(await visit()).toMatchObject({ setCookie: [], error: { status: 503, outcome: 'none' } });
    }
    const memcached = await startMemcached({ port });
    onTestFinished(() => memcached.stop());
    expect((await visit()).error).toBeUndefined();
    expect(await browser.read((session) => session.get('a'))).toBe(1);
  });
});
