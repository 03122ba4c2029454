import { expect, test } from 'vitest';
import { isNullSession, nullSession } from '../../src/session/null-session.ts';

const session = nullSession as any;

test('reads are empty', async () => {
  expect(isNullSession(session)).toBe(true);
  expect(isNullSession({})).toBe(false);
  expect([session.user, session.get('user'), session.get('user', 'x'), session.has('user')]).toEqual([
    undefined,
    undefined,
    'x',
    false,
  ]);
  expect(['user' in session, Object.keys(session), [...session], session.keys(), { ...session }]).toEqual([
    false,
    [],
    [],
    [],
    {},
  ]);
  expect(JSON.stringify(session)).toBe('{}');
  expect([session.isNew, session.modified, session.permanent, session.handle]).toEqual([true, false, false, undefined]);
  expect(await session.take('user')).toBeUndefined();
  expect(session.constructor).toBeUndefined();
});

test('taking away changes nothing, so it is allowed; acts have nothing to do', async () => {
  expect(delete session.user).toBe(true);
  expect([session.delete('user'), session.pop('user', 1), session.clear()]).toEqual([false, 1, undefined]);
  await Promise.all([session.load(), session.save(), session.reload(), session.destroy()]);
  await new Promise((resolve) => session.destroy(resolve));
});

test('writes throw and explain', async () => {
  const writes = [
    () => {
      session.user = 1;
    },
    () => {
      session.permanent = true;
    },
    () => session.set('user', 1),
    () => session.setDefault('user', 1),
    () => session.update('n', () => 1),
    () => session.assign({ a: 1 }),
    () => Object.defineProperty(session, 'x', { value: 1 }),
  ];
  for (const write of writes) {
    expect(write).toThrow(
      expect.objectContaining({
        code: 'SESSION_UNAVAILABLE',
        message: expect.stringContaining('no session on this request'),
      }),
    );
  }
  await expect(session.regenerate()).rejects.toMatchObject({ code: 'SESSION_UNAVAILABLE' });
});
