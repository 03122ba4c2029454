import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type ByteRelay, startByteRelay } from '../support/servers/byte-relay.ts';
import { eventually } from '../support/servers/child.ts';
import { type Memcached, memcachedMissing, startMemcached } from '../support/servers/memcached.ts';
import { called } from '../support/servers/program.ts';
import { type App, type Env, fleet } from './app.ts';
import { DEADLINE } from './dead-store.ts';
import { testFaults } from './faults.ts';
import { folderOf } from './faults-process.ts';
import type { Scene } from './faults-row.ts';
import { byBytes } from './faults-wire.ts';
import { type Told, Visitor } from './visitor.ts';

const { start } = fleet();

interface Standing {
  readonly env: Env;
  readonly direct: Env;
  readonly memcached: Memcached;
  readonly relay: ByteRelay;
  stop(): Promise<void>;
}

const FILLER = 'x'.repeat(48_000);
const FILLERS = Array.from({ length: 60 }, (_, at) => `filler${at}`);

async function startStanding(): Promise<Standing> {
  const login = { username: 'ann', password: 'geheim' };
  // Two megabytes, of which nothing is dropped.
  const memcached = await startMemcached({ login, args: ['-m', '2', '-M'] });
  const relay = await startByteRelay(memcached.port);
  return {
    env: { SESSION_URI: memcached.url.replace(`:${memcached.port}`, `:${relay.port}`) },
    direct: { SESSION_URI: memcached.url },
    memcached,
    relay,
    async stop() {
      await relay.stop();
      await memcached.stop();
    },
  };
}

/** Who may log in, from now on: nobody who is there already is sent away. */
async function passwordIs({ memcached }: Standing, password: string): Promise<void> {
  const words = `ann ${password}`;
  writeFileSync(join(folderOf(memcached.pid), 'users'), `${words.replace(' ', ':')}\n`);
  process.kill(memcached.pid, 'SIGHUP');
  // Once a second it looks whether there was a signal.
  await eventually('memcached did not read its users again', async () => {
    const socket = connect({ port: memcached.port, host: '127.0.0.1' });
    socket.write(`set auth 0 0 ${words.length}\r\n${words}\r\n`);
    const [answer] = await once(socket, 'data');
    socket.destroy();
    return String(answer) === 'STORED\r\n';
  });
}

const at =
  (login: string) =>
  ({ memcached }: Standing): string =>
    `memcached://${login}127.0.0.1:${memcached.port}`;

testFaults<Standing>(
  'memcached',
  {
    store: 'memcached',
    missing: memcachedMissing,
    start: startStanding,
    absent: /opening: .*no connection/,
    strangers: [
      ['a wrong password', at('ann:geheim-falsch@'), /password/],
      ['no login', at(''), /password/],
    ],
    killed: { begin: ({ memcached }) => memcached.kill(), end: ({ memcached }) => memcached.restart() },
    keeps: false,
    // Longer than connections are kept.
    silent: { begin: ({ memcached }) => memcached.pause(), end: ({ memcached }) => memcached.resume(), ms: 6000 },
    // The answer to a write that was done.
    ...byBytes((answer, asked) => asked.includes('ms ') && /^HD /m.test(answer.toString('latin1'))),
    full: {
      what: 'is full and may drop nothing',
      refuses: 'large',
      async begin({ memcached }) {
        const fill = FILLERS.map((key) => `set ${key} 0 0 ${FILLER.length}\r\n${FILLER}\r\n`).join('');
        expect(await memcached.ask(fill)).toContain('SERVER_ERROR out of memory');
      },
      end: ({ memcached }) => memcached.ask(FILLERS.map((key) => `delete ${key}\r\n`).join('')),
      says: /no memory for the record/,
      // It drops the record that was to be replaced, so that nobody takes the old value for the new one.
      keeps: false,
    },
    readOnly: 'memcached keeps its items in memory and has no such mode',
    withdrawn: [
      {
        what: 'has another password now',
        async begin(standing) {
          await passwordIs(standing, 'other');
          standing.relay.cut();
        },
        end: (standing) => passwordIs(standing, 'geheim'),
        says: /password/,
      },
    ],
    truncated: {
      what: 'was cut off',
      async begin({ memcached }, key) {
        const value = /^VA \d+\r\n([\s\S]*)\r\n$/.exec(await memcached.ask(`mg coatcheck:${key} v\r\n`))?.[1] ?? '';
        const cut = value.slice(0, -10);
        await memcached.ask(`set coatcheck:${key} 0 0 ${cut.length}\r\n${cut}\r\n`);
      },
      leaves: 'nobody',
    },
    foreign: {
      what: 'somebody else wrote',
      begin: ({ memcached }, key) => memcached.ask(`set coatcheck:${key} 0 0 5\r\nthing\r\n`),
      leaves: /no record of coatcheck/,
    },
    remove: ({ memcached }, key) => memcached.ask(`delete coatcheck:${key}\r\n`),
  },
  testMore,
);

function testMore(scene: Scene<Standing>): void {
  test('one that is away for more than a second costs nobody a wait', async () => {
    const { witness, standing } = scene;
    await standing.memcached.kill();
    await sleep(1100);
    await witness.refused(witness.read, { outcome: 'none', within: 200 });
    await witness.refused(witness.write, { outcome: 'none', within: 200 });
    await standing.memcached.restart();
    await witness.recovered(false);
  });

  test('a write whose answer does not come is in doubt, and gives no cookie', async () => {
    const { witness, standing, app } = scene;
    await standing.memcached.pause();
    onTestFinished(() => standing.memcached.resume());
    const { status, json, setCookie } = await new Visitor(app.port).post('/set', { k: 'a', v: 1 });
    expect([status, json.error.outcome, setCookie]).toEqual([503, 'unknown', []]);
    standing.memcached.resume();
    await witness.recovered();
  });
}

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
