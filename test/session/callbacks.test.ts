import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Session } from 'coatcheck';
import { describe, expect, test } from 'vitest';
import { broken, setup } from './helpers.ts';

type Done = (error?: unknown) => void;

const acts: [name: string, act: (session: Session, done: Done) => unknown][] = [
  ['save(cb)', (session, done) => session.save(done)],
  ['reload(cb)', (session, done) => session.reload(done)],
  ['load(cb)', (session, done) => session.load(done)],
  ['destroy(cb)', (session, done) => session.destroy(done)],
  ['regenerate(cb)', (session, done) => session.regenerate(done)],
  ['regenerate({ keep }, cb)', (session, done) => session.regenerate({ keep: true }, done)],
  ['regenerate(undefined, cb)', (session, done) => session.regenerate(undefined, done)],
  ['regenerate(null, cb)', (session, done) => session.regenerate(null as never, done)],
];

/** Runs an act and waits until its callback could have been called twice. */
async function calls(session: Session, act: (session: Session, done: Done) => unknown): Promise<unknown[][]> {
  const heard: unknown[][] = [];
  await act(session, (...args) => heard.push(args));
  for (let i = 0; i < 3; i++) await new Promise(setImmediate);
  return heard;
}

describe('callbacks, for code written for express-session', () => {
  test.each(acts)('%s calls once, without an error, and not before it returns', async (_name, act) => {
    const { browser } = setup();
    await browser.visit((session) => session.set('a', 1));
    await browser.visit(async (session) => {
      let returned = false;
      session.b = 2;
      const heard = await calls(session, (self, done) => {
        const promise = act(self, (...args) => {
          expect(returned).toBe(true);
          done(...args);
        });
        returned = true;
        return promise;
      });
      expect(heard).toEqual([[]]);
    });
  });

  test('the error goes to the callback, once, and nowhere else', async () => {
    const { browser, fail } = setup();
    await browser.visit((session) => session.set('a', 1));
    const { session } = await browser.begin();
    session.b = 2;
    fail('update', broken());
    expect(await calls(session, (self, done) => self.save(done))).toEqual([
      [expect.objectContaining({ code: 'STORE_FAILED' })],
    ]);
    fail('read', broken());
    expect(await calls(session, (self, done) => self.reload(done))).toEqual([
      [expect.objectContaining({ code: 'STORE_FAILED' })],
    ]);
    expect(await calls(session, (self, done) => self.load(done))).toEqual([
      [expect.objectContaining({ code: 'STORE_FAILED' })],
    ]);
    expect(await calls(session, (self, done) => self.regenerate({ keep: 7 } as never, done))).toEqual([
      [expect.objectContaining({ code: 'USAGE' })],
    ]);
  });

  test('destroy and regenerate after the answer tell the callback', async () => {
    const { browser, sessions } = setup();
    await browser.visit((session) => session.set('a', 1));
    const { session, end } = await browser.begin();
    await end();
    sessions.ended?.(session);
    for (const act of [(done: Done) => session.destroy(done), (done: Done) => session.regenerate(done)]) {
      expect(await calls(session, (_self, done) => act(done))).toEqual([
        [expect.objectContaining({ code: 'SESSION_CLOSED' })],
      ]);
    }
  });

  test.each(acts)(
    'what the callback of %s throws rejects the promise, and calls it no second time',
    async (_name, act) => {
      const { browser } = setup();
      await browser.visit((session) => session.set('a', 1));
      const { session } = await browser.begin();
      let called = 0;
      const failed = act(session, () => {
        called++;
        throw new Error('the callback’s own');
      });
      await expect(failed).rejects.toThrow('the callback’s own');
      expect(called).toBe(1);
    },
  );

  test('nobody awaits that promise, so a throwing callback ends the process as Node does, and a lone failed save does not', async () => {
    const script = fileURLToPath(new URL('./callback-child.ts', import.meta.url));
    const run = (what: string) =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', script, what]).then(
        ({ stdout }) => ({ code: 0, text: stdout }),
        (error: { code: number; stderr: string }) => ({ code: error.code, text: error.stderr }),
      );
    const [thrown, lone] = await Promise.all([run('throwing-callback'), run('lone-save')]);
    expect(thrown.code).not.toBe(0);
    expect(thrown.text).toContain('thrown by the callback');
    expect(lone).toEqual({ code: 0, text: 'alive\n' });
  });
});
