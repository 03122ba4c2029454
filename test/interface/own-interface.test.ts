import { expect, test } from 'vitest';
import type { SessionInterface } from '../../src/interface/contract.ts';
import { Browser } from '../support/visit.ts';

/** Flask's smallest session interface: nothing is read, and whatever was written goes into a cookie of another name. */
const smallest: SessionInterface<Record<string, unknown>> = {
  open: () => ({}),
  commit: (session) => ({
    setCookie: [`mine=${encodeURIComponent(JSON.stringify(session))}; Path=/`],
    looked: true,
  }),
  isNull: () => false,
};

test('an interface of three members is enough: open gives a plain object, commit says what the head needs', async () => {
  const browser = new Browser(smallest);
  const changes = await browser.visit((session) => {
    session.user = 'ann';
  });
  expect(changes.setCookie).toEqual(['mine=%7B%22user%22%3A%22ann%22%7D; Path=/']);
  expect(smallest.isNull({})).toBe(false);
  expect(await browser.read((session) => session.user)).toBeUndefined();
});
