import { expect, it } from 'vitest';
import { behind } from '../../src/session/dictionary.ts';
import type { RequestSession } from '../../src/session/request-session.ts';
import { setup } from './harness.ts';

function request(session: object): RequestSession {
  const own = behind(session);
  if (own === undefined) throw new Error('a null session');
  return own;
}

it('what joins a commit and fails at a save is made again, and the ticket is sent once all is stored', async () => {
  const { browser } = setup();
  const { session, end } = await browser.begin();
  let tries = 0;
  session.user = 'ann';
  request(session).join(async () => {
    tries += 1;
    if (tries === 1) throw new Error('not now');
  });
  await expect(session.save()).rejects.toThrow('not now');
  expect((await end()).setCookie).toHaveLength(1);
  expect([tries, await browser.read(({ user }) => user)]).toEqual([2, 'ann']);
});

it('no ticket is sent of a session of which only half is stored', async () => {
  const { browser } = setup();
  const { session, end } = await browser.begin();
  session.user = 'ann';
  request(session).join(() => Promise.reject(new Error('never')));
  expect(await end()).toMatchObject({ setCookie: [], error: { message: 'never' } });
});

it('what joins while the commit runs is late, and told to who can still store it', async () => {
  const { sessions, browser } = setup();
  const { session } = await browser.begin();
  const own = request(session);
  const stored: string[] = [];
  let late = 0;
  session.user = 'ann';
  const hooks = {
    changed: () => undefined,
    late: () => {
      late += 1;
    },
  };
  sessions.watch?.(session, hooks);
  own.join(async () => {
    own.join(async () => void stored.push('second'));
    stored.push('first');
  });
  expect((await sessions.commit(session, { status: 200 })).setCookie).toHaveLength(1);
  sessions.sent?.(session, false);
  expect([stored, late]).toEqual([['first'], 1]);
  await sessions.finish?.(session);
  expect(stored).toEqual(['first', 'second']);
});

it('what joined a request that was given up is dropped, with an event', async () => {
  const { sessions, browser, heard } = setup();
  const { session } = await browser.begin();
  const stored: string[] = [];
  request(session).join(async () => void stored.push('mine'), false);
  await sessions.abandon?.(session);
  await session.destroy();
  await sessions.close();
  expect([stored, heard('abandoned').length]).toEqual([[], 1]);
});
