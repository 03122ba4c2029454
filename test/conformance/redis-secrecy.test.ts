import { describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { storeFromUrl } from '../../src/url.ts';
import { called, type Redis, startMonitor, startRedis } from '../support/redis.ts';
import { Browser } from '../support/visit.ts';
import { fleet } from './app.ts';
import { redisMissing } from './stores.ts';
import { Visitor } from './visitor.ts';

const { start } = fleet();

/** How each type of Redis shows all that it holds. */
const SHOW: Readonly<Record<string, (key: string) => string[]>> = {
  string: (key) => ['get', key],
  hash: (key) => ['hgetall', key],
  list: (key) => ['lrange', key, '0', '-1'],
  set: (key) => ['smembers', key],
  zset: (key) => ['zrange', key, '0', '-1', 'withscores'],
  stream: (key) => ['xrange', key, '-', '+'],
};

/** Every key with all that stands under it. */
async function everything(redis: Redis): Promise<{ key: string; value: string }[]> {
  const keys = (await redis.cli('--scan')).split('\n').filter((key) => key !== '');
  return Promise.all(
    keys.map(async (key) => {
      const show = SHOW[await redis.cli('type', key)];
      if (show === undefined) throw new Error('There is a type of Redis that this test cannot show.');
      return { key, value: await redis.cli(...show(key)) };
    }),
  );
}

/** The ticket as text, and its bytes as others might write them down. */
function spellings(ticket: string): string[] {
  const bytes = Buffer.from(ticket, 'base64url');
  return [
    ticket,
    bytes.toString('base64'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    bytes.toString('latin1'),
  ];
}

describe.skipIf(redisMissing !== undefined)(called('what Redis holds and hears', redisMissing), () => {
  test('nowhere stands the value of a cookie, be the session alive, moved, emptied or ended', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const monitor = await startMonitor(redis);
    const app = await start({ ADAPTER: 'node', SESSION_URI: redis.url });
    const tickets = new Set<string>();
    const visit = async (...acts: ((visitor: Visitor) => Promise<unknown>)[]): Promise<void> => {
      const visitor = new Visitor(app.port);
      for (const act of acts) {
        await act(visitor);
        tickets.add(visitor.jar.get('__Host-session') ?? '');
      }
    };
    const set = (k: string) => (visitor: Visitor) => visitor.post('/set', { k, v: 'x' });
    await visit(set('a'), set('b'), (visitor) => visitor.get('/get?k=a'));
    await visit(set('a'), (visitor) => visitor.post('/regenerate', { keep: true }), set('b'));
    await visit(set('a'), set('user'), (visitor) => visitor.post('/incr', { k: 'n' }));
    await visit(set('a'), (visitor) => visitor.post('/clear'));
    await visit(set('a'), (visitor) => visitor.post('/destroy'));
    // A ticket that nobody gave out is looked for, and is no secret; in the log it would still be a way to log in later.
    const made = `${'A'.repeat(42)}E`;
    tickets.add(made);
    const stranger = new Visitor(app.port);
    stranger.jar.store([`__Host-session=${made}; Secure; Path=/`]);
    await stranger.post('/set', { k: 'a', v: 1 });
    tickets.add(stranger.jar.get('__Host-session') ?? '');
    tickets.delete('');
    expect(tickets.size).toBeGreaterThan(8);
    await monitor.settle();
    const held = await everything(redis);
    expect(held.length).toBeGreaterThan(5);
    const texts = [...held.flatMap(({ key, value }) => [key, value]), ...monitor.lines];
    expect(monitor.count('set')).toBeGreaterThan(5);
    for (const secret of [...tickets].flatMap(spellings)) {
      expect(texts.filter((text) => text.includes(secret))).toEqual([]);
    }
    monitor.stop();
    await app.stop();
  });

  test('nowhere stands the name of an owner but in the data that the handler itself wrote', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const monitor = await startMonitor(redis);
    const ownerOf = (data: { user?: unknown }): string | undefined =>
      data.user === undefined ? undefined : 'ann@x.example';
    const sessions = createSessions({ store: () => storeFromUrl(redis.url), ownerOf });
    onTestFinished(() => sessions.close());
    const browser = new Browser(sessions);
    await browser.visit((session) => session.set('user', 7));
    expect(await sessions.listFor('ann@x.example')).toHaveLength(1);
    await monitor.settle();
    const held = await everything(redis);
    // The record and its owner's list.
    expect(held.length).toBeGreaterThan(1);
    const texts = [...held.flatMap(({ key, value }) => [key, value]), ...monitor.lines];
    expect(texts.filter((text) => text.includes('ann'))).toEqual([]);
    monitor.stop();
  });
});
