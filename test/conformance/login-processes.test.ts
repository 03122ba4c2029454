import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { createLogin } from '../../src/login/index.ts';
import { storeFromUrl } from '../../src/url.ts';
import { built } from '../support/built.ts';
import { Browser } from '../support/visit.ts';
import { count, fleet } from './app.ts';
import { type Cell, describeCells } from './cells.ts';
import { Person } from './login-house.ts';
import { redisMissing } from './stores.ts';

const { start, cell, pair } = fleet();
const CHILD = fileURLToPath(new URL('login-child.ts', import.meta.url));
const REMEMBER = '__Host-remember';

const CELLS: readonly Cell[] = [
  ['express', 'redis', redisMissing],
  ['fetch', 'sqlite'],
];

describeCells(CELLS, (adapter, store) => {
  test('twenty remembered requests at two processes go on with one session and one successor', async () => {
    const apps = await pair(adapter, 'node', store);
    const told = (event: string) => apps.reduce((sum, app) => sum + count(app, event), 0);
    let browser = new Person(apps[0].port);
    await browser.login('alice', { remember: true });
    let losers = 0;
    // Without overlap nothing is shown: several make a session, and all but one of them give it up.
    for (let restarts = 1; restarts <= 8 && losers === 0; restarts++) {
      const tabs = Array.from({ length: 20 }, (_, n) => browser.with(REMEMBER).at(apps[n % 2]?.port ?? 0));
      expect(await Promise.all(tabs.map((tab) => tab.name()))).toEqual(tabs.map(() => 'alice'));
      expect(new Set(tabs.map((tab) => tab.jar.header())).size).toBe(1);
      browser = tabs[0] ?? browser;
      expect((await browser.get('/sessions')).json.sessions).toHaveLength(1);
      // What they go on with is good at both.
      for (const { port } of apps) expect(await browser.at(port).name()).toBe('alice');
      await Promise.all(apps.map((app) => app.settle()));
      expect([told('loaded-from-cookie'), told('reused')]).toEqual([20 * restarts, 0]);
      losers = told('created') - 1 - restarts;
    }
    expect(losers).toBeGreaterThan(0);
  });

  test('log out everywhere at one process counts at the other', async () => {
    const [one, other] = await pair(adapter, 'node', store);
    const here = new Person(one.port);
    const there = new Person(other.port);
    for (const visitor of [here, there]) await visitor.login('bob', { remember: true });
    await here.post('/sessions/revoke-all');
    expect([await there.name(), await there.with(REMEMBER).name()]).toEqual([null, null]);
  });

  test('of 20 parallel logins of one user at two processes exactly maxPerOwner stay', { timeout: 60_000 }, async () => {
    const { SESSION_URI: url = '' } = await cell('node', store);
    const children = await Promise.all([0, 1].map(() => child([url, '10'])));
    const logins = children.map(async (one) => {
      one.send('go');
      return (await once(one, 'message'))[0] as string[];
    });
    const cookies = (await Promise.all(logins)).flat();
    expect(new Set(cookies).size).toBe(20);
    const sessions = createSessions({ store: () => storeFromUrl(url), deadline: '20s' });
    onTestFinished(() => sessions.close());
    const login = createLogin({ sessions, userLoader: (id) => ({ id }) });
    const there = (session: object) => login.of(session).user();
    const users = await Promise.all(cookies.map((cookie) => new Browser(sessions, cookie).read(there)));
    expect(users.filter((user) => 'id' in user)).toHaveLength(3);
    expect(await sessions.listFor('ann')).toHaveLength(3);
  });
});

test('a process that is to end says goodbye to its sockets, and ends', async () => {
  const app = await start(cell('express', 'memory'));
  const visitor = new Person(app.port);
  await visitor.login('alice');
  const socket = visitor.socket();
  await once(socket, 'message');
  const closed = once(socket, 'close');
  expect(await app.stop()).toBe(0);
  expect((await closed)[0]).toBe(1001);
});

async function child(args: string[]): Promise<ChildProcess> {
  const forked = fork(built(CHILD), args);
  onTestFinished(() => void forked.kill('SIGKILL'));
  await once(forked, 'message');
  return forked;
}
