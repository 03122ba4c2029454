import assert from 'node:assert';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { nullSession } from '../../src/session/null-session.ts';
import { setup } from './helpers.ts';

describe('R104: the id of a session is not printed', () => {
  const prints: [name: string, print: (session: object) => string][] = [
    [
      'a failed assertion',
      (session) => {
        try {
          assert.deepStrictEqual(session, { user: 'bob' });
        } catch (error) {
          return inspect(error);
        }
        throw new Error('The assertion holds.');
      },
    ],
    ['inspect', (session) => inspect(session, { depth: null, showHidden: true })],
    ['inspect without custom hooks', (session) => inspect(session, { customInspect: false, depth: null })],
    ['inspect of the proxy', (session) => inspect(session, { customInspect: false, showProxy: true, depth: null })],
  ];

  test.each(prints)('by %s', async (_name, print) => {
    const { browser } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    const id = browser.cookie?.split('=')[1] ?? '';
    expect(id.length).toBeGreaterThan(20);
    await browser.visit((session) => {
      expect(session.user).toBe('ann');
      expect(print(session)).not.toContain(id);
    });
  });
});

describe('the null session', () => {
  test('is text like any session', () => {
    expect(`${nullSession}`).toBe('[object Session]');
  });

  test.each([[[]], [[{ keep: true }]]])('calls back with the error of regenerate(...%j, callback)', async (args) => {
    const heard: unknown[] = [];
    await (nullSession as any).regenerate(...args, (error: unknown) => heard.push(error));
    expect(heard).toEqual([expect.objectContaining({ code: 'SESSION_UNAVAILABLE' })]);
  });
});
