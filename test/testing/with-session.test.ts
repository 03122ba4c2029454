import { expect, test } from 'vitest';
import { createSessions, session } from '../../src/index.ts';
import { CookieJar, sessionTransaction, withSession } from '../../src/testing/index.ts';

test('withSession lets code use the imported session without a server', async () => {
  const addToCart = (item: string) => session.update('cart', (cart: string[] = []) => [...cart, item]);
  const { data, result } = await withSession({ cart: ['tea'] }, () => {
    addToCart('milk');
    return session.cart.length;
  });
  expect(result).toBe(2);
  expect(data).toEqual({ cart: ['tea', 'milk'] });
});

test('withSession begins empty where there is no data', async () => {
  const { data } = await withSession({}, () => session.set('n', 1));
  expect(data).toEqual({ n: 1 });
});

test('sessionTransaction changes the session that a jar holds, and gives it a ticket where it has none', async () => {
  const sessions = createSessions();
  const jar = new CookieJar();
  await sessionTransaction(sessions, jar, (session) => session.set('user', 'ann'));
  expect(jar.names()).toEqual(['__Host-session']);
  expect(await sessionTransaction(sessions, jar, (session) => session.user)).toBe('ann');
  await sessionTransaction(sessions, jar, (session) => session.destroy());
  expect(jar.names()).toEqual([]);
});

test('sessionTransaction throws what the commit fails with', async () => {
  const sessions = createSessions({ limits: { bytes: 400 } });
  const act = (s: typeof session) => {
    s.list = [];
    s.list.push('x'.repeat(500));
  };
  await expect(sessionTransaction(sessions, new CookieJar(), act)).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE' });
});
