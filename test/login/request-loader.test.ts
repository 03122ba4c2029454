import { expect, it } from 'vitest';
import { ANN, CAROL, setup, somebody } from './harness.ts';

const withKey = (key: string) => ({ header: (name: string) => (name === 'authorization' ? key : undefined) });

function withLoader() {
  const asked: string[] = [];
  const parts = setup({
    remember: {},
    requestLoader: (request) => {
      asked.push(request.method);
      return { ann: ANN, carol: CAROL }[request.header('authorization') ?? ''];
    },
  });
  return { ...parts, asked };
}

it('requestLoader knows the user of a request without a session, and stores nothing', async () => {
  const { newBrowser, store } = withLoader();
  const browser = newBrowser();
  const { value, setCookie } = await browser.visit(({ login }) => login.user(), withKey('ann'));
  expect([value, setCookie, store.calls]).toEqual([ANN, [], []]);
  expect(await browser.name()).toBe('nobody');
});

it.each(['', 'nobody', 'carol'])('requestLoader that finds nobody for %j leaves the visitor anonymous', async (key) => {
  const { newBrowser } = withLoader();
  const { value } = await newBrowser().visit(somebody, withKey(key));
  expect(value).toBe(false);
});

it('requestLoader is not asked where a session or a remember cookie is shown', async () => {
  const { browser, asked } = withLoader();
  await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
  await browser.visit(({ login }) => login.user(), withKey('carol'));
  browser.jar.set('__Host-remember', 'made up');
  browser.jar.delete('__Host-session');
  await browser.visit(({ login }) => login.user(), withKey('ann'));
  expect(asked).toEqual([]);
});
