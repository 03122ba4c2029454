import { beforeAll, describe, expect, test } from 'vitest';
import { type App, count, until } from './app.ts';
import { type Told, Visitor } from './visitor.ts';

export const FIFTY: readonly number[] = Array.from({ length: 50 }, (_, at) => at);

type Pair = readonly [App, App];
type Send = (visitor: Visitor, at: number) => Promise<Told>;

interface Overlap {
  readonly answers: readonly Told[];
  /** When the applications told of such an event. */
  times(event: string): number[];
}

/** A visitor who has a session, of which both applications have told. */
export async function newVisitor(apps: Pair): Promise<Visitor> {
  const visitor = new Visitor(apps[0].port);
  await visitor.post('/set', { k: 'first', v: 1 });
  for (const app of apps) await app.settle();
  return visitor;
}

/** Fifty requests of the same browser, at either process in turn, all on the way at once; and their events. */
export async function overlap(apps: Pair, visitor: Visitor, send: Send): Promise<Overlap> {
  const since = apps.map(({ events }) => events.length);
  const answers = await Promise.all(FIFTY.map((at) => send(visitor.at(apps[at % 2 === 0 ? 0 : 1].port), at)));
  for (const app of apps) await app.settle();
  const heard = apps.flatMap(({ events }, at) => events.slice(since[at]));
  return { answers, times: (event) => heard.filter((one) => one.event === event).map(({ at }) => at) };
}

/**
 * The races of a browser whose requests reach two processes that share a store. `start` gives the processes; they say
 * their events.
 */
export function testRaces(name: string, start: () => Promise<Pair>): void {
  describe(name, () => {
    let apps: Pair;
    beforeAll(async () => {
      apps = await start();
    }, 60_000);

    const visit = (): Promise<Visitor> => newVisitor(apps);
    const overlapping = (visitor: Visitor, send: Send): Promise<Overlap> => overlap(apps, visitor, send);

    test('50 overlapping writes of 50 keys, all read before the first was stored, keep all 50', {
      timeout: 60_000,
    }, async () => {
      for (const ms of [700, 2000, 5000]) {
        const visitor = await visit();
        const { answers, times } = await overlapping(visitor, (same, at) =>
          same.get(`/slow?ms=${ms}&k=k${at}&v=${at}`),
        );
        expect(answers.map(({ status }) => status)).toEqual(FIFTY.map(() => 200));
        const { keys } = (await visitor.get('/keys')).json;
        expect([...keys].sort()).toEqual([...FIFTY.map((at) => `k${at}`), 'first'].sort());
        expect([times('loaded').length, times('committed').length]).toEqual([50, 50]);
        expect(times('conflict').length).toBeGreaterThan(0);
        // On a machine that is too busy for the wait, not all of them overlapped: once more with a longer one.
        if (Math.max(...times('loaded')) <= Math.min(...times('committed'))) return;
      }
      expect.unreachable('The machine is too busy to let 50 requests read within 5 s.');
    });

    test('50 overlapping increments give 50, and each of them its own number', async () => {
      const visitor = await visit();
      const { answers, times } = await overlapping(visitor, (same) => same.post('/incr', { k: 'n' }));
      const numbers = answers.map(({ json }) => json.value).sort((a, b) => a - b);
      expect(numbers).toEqual(FIFTY.map((at) => at + 1));
      expect((await visitor.get('/get?k=n')).json).toEqual({ value: 50 });
      expect(times('conflict').length).toBeGreaterThan(0);
    });

    test('50 overlapping appends keep all 50', async () => {
      const visitor = await visit();
      const { answers, times } = await overlapping(visitor, (same, at) => same.post('/append', { k: 'l', v: at }));
      expect(answers.every(({ status, json }, at) => status === 200 && json.value.includes(at))).toBe(true);
      const { value } = (await visitor.get('/get?k=l')).json;
      expect([...value].sort((a, b) => a - b)).toEqual(FIFTY);
      expect(times('conflict').length).toBeGreaterThan(0);
    });

    test('of 50 overlapping takes exactly one gets the value', async () => {
      const visitor = await visit();
      await visitor.post('/set', { k: 'coupon', v: 'once' });
      const { answers } = await overlapping(visitor, (same) => same.post('/take', { k: 'coupon' }));
      expect(answers.filter(({ json }) => json.value === 'once')).toHaveLength(1);
      expect(answers.filter(({ json }) => json.value === null)).toHaveLength(49);
    });

    test.each(['/slow?ms=600&k=late&v=1', '/slowread?ms=600', '/stream?ms=600&k=late&v=1'])(
      'a logout during %s stays one, and the slow answer has no cookie',
      async (path) => {
        const visitor = await visit();
        const headers = visitor.jar.headers();
        const [loaded, gone] = [count(apps[0], 'loaded'), count(apps[0], 'gone')];
        const slow = visitor.get(path);
        await until(() => count(apps[0], 'loaded') > loaded);
        const logout = await visitor.at(apps[1].port).post('/destroy');
        expect([logout.status, logout.setCookie[0]]).toEqual([200, expect.stringContaining('Max-Age=0')]);
        const answer = await slow;
        expect([answer.status, answer.setCookie]).toEqual([200, []]);
        if (path.startsWith('/stream')) expect(answer.text).toBe('begun\nSESSION_GONE');
        if (!path.startsWith('/slowread')) await until(() => count(apps[0], 'gone') > gone);
        for (const app of apps) {
          const thief = await new Visitor(app.port).ask({ path: '/keys', headers });
          expect([thief.json, thief.setCookie]).toEqual([{ keys: [] }, []]);
        }
        expect((await visitor.get('/keys')).json).toEqual({ keys: [] });
      },
    );

    test('a new id during a slow request stays the only one, and the slow answer has no cookie', async () => {
      const visitor = await visit();
      const headers = visitor.jar.headers();
      const loaded = count(apps[0], 'loaded');
      const slow = visitor.get('/slow?ms=600&k=late&v=1');
      await until(() => count(apps[0], 'loaded') > loaded);
      const moved = await visitor.at(apps[1].port).post('/regenerate', { keep: true });
      expect([moved.status, moved.setCookie.length]).toEqual([200, 1]);
      expect((await slow).setCookie).toEqual([]);
      expect((await visitor.get('/keys')).json).toEqual({ keys: ['first'] });
      expect((await new Visitor(apps[0].port).ask({ path: '/keys', headers })).json).toEqual({ keys: [] });
    });

    test('a session that one process moved to a new id goes on under it at the other, and is dead under the old one', async () => {
      const visitor = await visit();
      const before = visitor.jar.headers();
      const login = await visitor.post('/set', { k: 'user', v: 'ann' });
      expect(login.setCookie).toHaveLength(1);
      expect(visitor.jar.headers()).not.toEqual(before);
      expect((await visitor.at(apps[1].port).get('/keys')).json).toEqual({ keys: ['first', 'user'] });
      expect((await new Visitor(apps[1].port).ask({ path: '/keys', headers: before })).json).toEqual({ keys: [] });
    });
  });
}
