import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { built } from '../support/built.ts';
import { rejection, setup } from './helpers.ts';

const script = fileURLToPath(new URL('./unawaited-child.ts', import.meta.url));

test.concurrent.each([
  ['an unawaited destroy when the answer was closed', 'destroy-after-end', { status: 200, lost: ['SESSION_CLOSED'] }],
  ['an unawaited destroy when the answer was finished', 'destroy-on-finish', { status: 200, lost: ['SESSION_CLOSED'] }],
  ['an unawaited regenerate that cannot read', 'regenerate', { status: 503, lost: [] }],
  ['an unawaited reload that cannot read', 'reload', { status: 200, lost: [] }],
  ['an unawaited take that cannot be stored', 'take', { status: 503, lost: [] }],
])('%s does not end the process', async (_name, act, outcome) => {
  const { stdout } = await promisify(execFile)(process.execPath, [built(script), act]);
  expect(JSON.parse(stdout)).toEqual(outcome);
});

test('a destroy that comes too late is told by event lost, and to whoever awaits it', async () => {
  const { browser, sessions, heard } = setup();
  await browser.visit((session) => session.set('a', 1));
  const { session, end } = await browser.begin();
  await end();
  sessions.ended?.(session);
  expect(await rejection(session.destroy())).toBe('SESSION_CLOSED');
  expect(heard('lost')).toEqual([
    expect.objectContaining({ error: expect.objectContaining({ code: 'SESSION_CLOSED' }) }),
  ]);
});
