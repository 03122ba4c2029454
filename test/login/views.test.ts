import { expect, it } from 'vitest';
import { getFlashedMessages } from '../../src/flash/index.ts';
import { runWith } from '../../src/session/ambient.ts';
import { type Options, setup } from './harness.ts';

async function refused(options: Options, target: string | undefined = '/secret') {
  const { browser, login, heard } = setup(options);
  const { value } = await browser.visit(({ session }) => login.refusal(session, {}, target));
  const flashed = await browser.visit(({ session }) =>
    runWith(session, () => getFlashedMessages({ withCategories: true })),
  );
  return { refusal: value, flashed: flashed.value, heard };
}

it.each([
  ['/login', '/secret', '/login?next=%2Fsecret'],
  ['/login', '/secret?a=1', '/login?next=%2Fsecret%3Fa%3D1'],
  ['/login?a=1', '/secret', '/login?a=1&next=%2Fsecret'],
  ['/login?', '/secret', '/login?next=%2Fsecret'],
  ['/login#top', '/secret', '/login?next=%2Fsecret#top'],
  ['https://accounts.example/login', '/secret', 'https://accounts.example/login?next=%2Fsecret'],
  ['/login', '/é ?q=ü', '/login?next=%2F%C3%A9+%3Fq%3D%C3%BC'],
])('%s for %s becomes %s', async (loginView, target, location) => {
  expect((await refused({ loginView }, target)).refusal?.location).toBe(location);
});

it('a refusal without a page is 401, and flashes nothing', async () => {
  const { refusal, flashed, heard } = await refused({});
  expect(refusal).toMatchObject({
    kind: 'unauthorized',
    location: undefined,
    error: { status: 401, code: 'LOGIN_REQUIRED' },
  });
  expect(flashed).toEqual([]);
  expect(heard('unauthorized')).toHaveLength(1);
});

it('the message has the category and the language that were asked for, or is left out', async () => {
  const { flashed } = await refused({
    loginView: '/login',
    loginMessageCategory: 'error',
    localize: (text) => `Bitte: ${text}`,
  });
  expect(flashed).toEqual([['error', 'Bitte: Please log in to access this page.']]);
  expect((await refused({ loginView: '/login', loginMessage: null })).flashed).toEqual([]);
});

it('require gives the user or throws, as a plain function', async () => {
  const { browser, login, clock } = setup();
  await expect(browser.visit(({ session }) => login.require({}, session))).rejects.toMatchObject({
    code: 'LOGIN_REQUIRED',
  });
  await browser.visit(({ login: own }) => own.loginUser({ id: '1', name: 'ann' }));
  expect((await browser.visit(({ session }) => login.require({ fresh: true }, session))).value).toMatchObject({
    id: '1',
  });
  clock.tick('6m');
  await expect(browser.visit(({ session }) => login.require({ maxAge: 300_000 }, session))).rejects.toMatchObject({
    code: 'LOGIN_STALE',
  });
});

it('a guard lets nobody through where a loader of the application throws', async () => {
  const { browser, login, users } = setup({
    sessionVersion: () => {
      throw new Error('down');
    },
  });
  users.set('1', { id: '1', name: 'ann' });
  await expect(browser.visit(({ login: own }) => own.loginUser({ id: '1', name: 'ann' }))).rejects.toThrow('down');
  const { browser: other, login: second } = setup({ userLoader: () => Promise.reject(new Error('database down')) });
  await other.visit(({ login: own }) => own.loginUser({ id: '1', name: 'ann' }));
  await expect(other.visit(({ session }) => second.require({}, session))).rejects.toThrow('database down');
  expect(login).toBeDefined();
});

it('a static page and a session of another library have nobody to log in', () => {
  const { login } = setup();
  expect(() => login.of({}).loginUser({ id: '1', name: 'ann' })).toThrow(expect.objectContaining({ code: 'USAGE' }));
  expect(login.viewOf({})).toMatchObject({ isAnonymous: true });
});
