import { expect, test, vi } from 'vitest';
import { fetchSessions } from '../../src/http/fetch.ts';
import { type Data, setup } from '../interface/harness.ts';
import { held, turn } from './interfaces.ts';

async function begun() {
  const started = setup();
  await started.browser.visit((session) => Object.assign(session, { a: 1, cart: { items: [] } }));
  started.events.length = 0;
  const serve = (handler: (session: Data) => unknown): Promise<Response> =>
    fetchSessions(started.sessions as any, async (_request: Request, { session }: Data) => {
      await handler(session);
      return new Response('x');
    })(new Request('https://shop.example/', { headers: { cookie: started.browser.cookie ?? '' } }));
  const stored = (data: Data): Promise<void> =>
    vi.waitFor(async () => expect(await started.browser.clone().read((session) => session.toJSON())).toEqual(data));
  return { ...started, serve, stored };
}

test.each([
  ['a key that is set', (session: Data) => session.set('late', 1), { a: 1, b: 1, cart: { items: [] }, late: 1 }],
  ['an edit in place', (session: Data) => session.cart.items.push('tea'), { a: 1, b: 1, cart: { items: ['tea'] } }],
])('%s while the commit is under way is stored after the answer', async (_name, change, data) => {
  const { serve, stored, store, heard } = await begun();
  const answer = held<void>();
  store.next('update', { after: answer.promise });
  let late: Data | undefined;
  const answered = serve((session) => {
    late = session;
    session.b = 1;
  });
  await vi.waitFor(() => expect(store.calls.filter(({ verb }) => verb === 'update')).toHaveLength(1));
  await turn();
  change(late as Data);
  answer.resolve();
  await answered;
  await stored(data);
  expect(heard('lost')).toEqual([]);
});
