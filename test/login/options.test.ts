import { expect, it } from 'vitest';
import { createCookieSessions, createSessions } from '../../src/index.ts';
import { AnonymousUser, createLogin, createUserData, UserMixin } from '../../src/login/index.ts';
import { SECRET } from '../interface/harness.ts';
import { ANN, setup } from './harness.ts';

const sessions = createSessions();
const userLoader = () => undefined;

it.each<[object, RegExp]>([
  [{ sessions }, /userLoader must be a function/],
  [{ userLoader }, /sessions must be what createSessions/],
  [{ sessions: {}, userLoader }, /sessions must be what createSessions/],
  [{ sessions, userLoader, user_loader: 1 }, /Write userLoader/],
  [{ sessions, userLoader, protection: 'weak' }, /'none', 'basic' or 'strong'/],
  [{ sessions, userLoader, carry: 'cart' }, /list of keys/],
  [{ sessions, userLoader, safeMethods: ['login'] }, /safeMethods/],
  [{ sessions, userLoader, pendingFor: 600 }, /pendingFor/],
  [{ sessions, userLoader, requestLoader: 1 }, /requestLoader must be a function/],
  [{ sessions, userLoader, remember: { duration: 365 } }, /remember.duration/],
  [{ sessions, userLoader, remember: { cookie: { name: '__Host-x', path: '/a' } } }, /path/],
  [{ sessions, userLoader, loginView: 3 }, /loginView/],
  [{ sessions: createCookieSessions({ secret: SECRET, revocation: 'none' }), userLoader, remember: {} }, /secret/],
])('createLogin refuses %j', (options, message) => {
  expect(() => createLogin(options as never)).toThrow(message);
});

it('createUserData wants sessions with a store', () => {
  const sealed = createCookieSessions({ secret: SECRET, revocation: 'none' });
  expect(() => createUserData({ sessions: sealed })).toThrow(/with a store/);
});

it('loginUser refuses a duration that is none, and remembering where that is off', async () => {
  const { browser } = setup({ remember: {} });
  await expect(
    browser.visit(({ login }) => login.loginUser(ANN, { remember: true, duration: 'long' as never })),
  ).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  const { browser: without } = setup();
  await expect(without.visit(({ login }) => login.loginUser(ANN, { remember: true }))).rejects.toMatchObject({
    code: 'USAGE',
  });
});

it.each([{}, { id: '' }, { id: {} }, { id: Number.NaN }, { getId: () => null }])(
  'loginUser refuses the user %j, who has no name',
  async (user) => {
    const { browser, store } = setup();
    await expect(browser.visit(({ login }) => login.loginUser(user as never))).rejects.toMatchObject({
      code: 'USER_UNNAMED',
    });
    expect(store.calls).toEqual([]);
  },
);

class Member extends UserMixin {
  readonly id: number;

  constructor(id: number) {
    super();
    this.id = id;
  }
}

it('UserMixin has the members of Flask-Login: names, standing, equality', () => {
  const [one, same, other] = [new Member(1), new Member(1), new Member(2)];
  expect([one.getId(), one.isAuthenticated, one.isActive, one.isAnonymous]).toEqual(['1', true, true, false]);
  expect([one.equals(same), one.equals(other), one.equals({ getId: () => '1' })]).toEqual([true, false, false]);
  const nobody = new AnonymousUser();
  expect([nobody.getId(), nobody.isAuthenticated, nobody.isActive, nobody.isAnonymous]).toEqual([
    undefined,
    false,
    false,
    true,
  ]);
});

it('anonymousUser says what nobody looks like', async () => {
  const { browser } = setup({ anonymousUser: () => ({ guest: true }) as never });
  expect((await browser.visit(({ login }) => login.user())).value).toEqual({ guest: true });
});

it('a user may have any text as a name, also in the remember cookie', async () => {
  const { browser, users } = setup({ remember: {} });
  const user = { id: 'Łukasz "\u0000 🧥', name: 'łukasz' };
  users.set(user.id, user);
  await browser.visit(({ login }) => login.loginUser(user, { remember: true }));
  expect(await browser.name()).toBe('łukasz');
  browser.jar.delete('__Host-session');
  expect(await browser.name()).toBe('łukasz');
});
