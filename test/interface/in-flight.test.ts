// Copy to test/interface/ (red today, all in src/interface): see the report.
import { expect, test } from 'vitest';
import { setup } from '../session/helpers.ts';

const turn = () => new Promise(setImmediate);

test('permanent set on a session that is still empty is not lost to an early save', async () => {
  const { browser } = setup();
  await browser.visit(async (session) => {
    session.permanent = true;
    await session.save();
    session.user = 'ann';
  });
  await browser.visit((session) => expect(session.permanent).toBe(true));
});

test('R17: an identity edited in place while a commit is in flight still gives the session a new id', async () => {
  const { browser, hold, heard } = setup();
  await browser.visit((session) => session.set('user', { id: 1 }));
  const before = heard('rotated').length;
  const { session, end } = await browser.begin();
  const release = hold('update');
  const { user } = session;
  session.a = 2;
  const saved = session.save();
  await turn();
  user.id = 2;
  release();
  await saved;
  await end();
  expect(heard('rotated').length).toBe(before + 1);
});

test('a session destroyed while it loads stays destroyed', async () => {
  const { browser, hold } = setup({ load: 'lazy' });
  await browser.visit(async (session) => {
    await session.load();
    session.set('a', 1);
  });
  const { session, end } = await browser.begin();
  const release = hold('read');
  const loading = session.load();
  await turn();
  await session.destroy();
  release();
  await loading;
  session.b = 2;
  expect((await end()).error).toBeUndefined();
});

test('what is written after a destroy is kept although the commit in flight found the session gone', async () => {
  const { browser, hold } = setup();
  await browser.visit((session) => session.set('a', 1));
  const other = browser.clone();
  const { session, end } = await browser.begin();
  const release = hold('update');
  session.b = 1;
  const saved = session.save().catch(() => undefined);
  await turn();
  await session.destroy();
  session.c = 3;
  await other.visit((also) => also.destroy());
  release();
  await saved;
  await end();
  expect(await browser.read((later) => later.toJSON())).toEqual({ c: 3 });
});

test('a nested edit after the last commit is told as lost', async () => {
  const { browser, sessions, heard } = setup();
  await browser.visit((session) => session.set('cart', { items: [] }));
  const { session, end } = await browser.begin();
  const { cart } = session;
  await end();
  sessions.sent?.(session, true);
  cart.items.push(1);
  sessions.ended?.(session);
  expect(heard('lost')).toHaveLength(1);
});
