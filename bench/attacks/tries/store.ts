import { createHmac } from 'node:crypto';
import { startRedis } from '../../../test/support/servers/redis-server.ts';
import { type Attack, outcome, type Scene } from '../attack.ts';
import { Browser } from '../browser.ts';
import { SECRET } from '../peers.ts';
import type { Target } from '../target.ts';

/** The store leaks, fills up, or fails. */
export const store: readonly Attack[] = [
  {
    name: 'Leaked store',
    tried: 'Each key of the store, and each text in it of 20 letters and more, is shown as a cookie.',
    test: [
      'test/interface/secrecy.test.ts',
      'G6: nothing in a store logs anybody in: no id, and no key, version or field works as a ticket',
    ],
    run: (scene) => useDump(scene, (text) => [text, encodeURIComponent(`s:${text}`)]),
  },
  {
    name: 'Leaked store and secret',
    tried: 'The same by somebody who knows the application’s secret too, as after a leak of the whole server.',
    test: [
      'test/interface/secrecy.test.ts',
      'G6: nothing in a store logs anybody in: no id, and no key, version or field works as a ticket',
    ],
    run: (scene) => useDump(scene, (text) => [text, encodeURIComponent(`s:${text}.${signature(text)}`)]),
  },
  {
    name: 'Store full of strangers',
    tried: 'A robot without cookies asks for a page with a form a hundred times.',
    test: [
      'test/csrf/tokens.test.ts',
      'come from a cookie of their own while nobody is logged in, and make no session',
    ],
    async run({ start }) {
      const target = await start();
      for (let i = 0; i < 100; i++) await new Browser(target).visit('/form');
      const { keys } = await target.library.dump();
      return outcome(keys.length > 0, `${keys.length} records stored`);
    },
  },
  {
    name: 'Store answers nothing',
    tried: 'Redis stands still (SIGSTOP). Somebody who is logged in asks for a page.',
    test: [
      'test/conformance/faults-dead.ts',
      'one that answers nothing is waited for up to the deadline, then not asked until it is back, however long that is',
    ],
    redis: true,
    run: (scene) =>
      withRedis(scene, async (redis, _target, ann) => {
        redis.pause();
        try {
          return waited((await ann.visit('/me'))?.status);
        } finally {
          redis.resume();
        }
      }),
  },
  {
    name: 'Store is gone',
    tried: 'Redis is killed. Somebody who is logged in asks for a page.',
    test: [
      'test/conformance/faults-dead.ts',
      'a dead one: a 503 in time and no cookie lost; a logout fails, and takes its cookie away all the same',
    ],
    redis: true,
    run: (scene) =>
      withRedis(scene, async (redis, _target, ann) => {
        await redis.kill();
        return waited((await ann.visit('/me'))?.status);
      }),
  },
  {
    name: 'Store takes no write',
    tried: 'Redis is out of memory (`maxmemory`). Somebody stores something, and is told that it is done.',
    test: [
      'test/conformance/faults-refusing.ts',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: so stands the name in the file.
      'one that ${what} is a 503 that writes nothing, until it is well again',
    ],
    redis: true,
    run: (scene) =>
      withRedis(scene, async (redis, _target, ann) => {
        // The page with the form has stored what the token is made of.
        await ann.token();
        await redis.cli('config', 'set', 'maxmemory', '1');
        const status = (await ann.submit('/set', { key: 'a', value: 'kept' }))?.status;
        await redis.cli('config', 'set', 'maxmemory', '0');
        const kept = (await ann.data('a')) === 'kept';
        return outcome(status === 200 && !kept, `${status}, and ${kept ? 'stored' : 'nothing is stored'}`);
      }),
  },
];

/** As express-session signs: cookie-signature. */
function signature(text: string): string {
  return createHmac('sha256', SECRET).update(text).digest('base64').replace(/=+$/, '');
}

async function useDump({ start }: Scene, cookies: (text: string) => string[]) {
  const target = await start();
  const ann = new Browser(target);
  await ann.login('ann');
  const { keys, text } = await target.library.dump();
  const texts = new Set([...keys, ...(text.match(/[\w-]{20,}/g) ?? [])]);
  let inside = 0;
  for (const cookie of [...texts].flatMap(cookies)) {
    if ((await new Browser(target).who(`${target.library.cookie}=${cookie}`)) !== null) inside++;
  }
  return outcome(inside > 0, inside > 0 ? 'logged in as the user' : 'none of them is anybody');
}

async function withRedis<T>(
  { start }: Scene,
  act: (redis: Awaited<ReturnType<typeof startRedis>>, target: Target, ann: Browser) => Promise<T>,
): Promise<T> {
  const redis = await startRedis();
  try {
    const target = await start({ redis: redis.url });
    const ann = new Browser(target);
    await ann.login('ann');
    return await act(redis, target, ann);
  } finally {
    await redis.stop();
  }
}

/** A visitor who gets no answer keeps a connection and memory, and so does everybody after them. */
function waited(status: number | undefined) {
  return outcome(status === undefined || status < 500, status === undefined ? 'no answer' : `${status}`);
}
