import { createSessions } from '../../src/index.ts';
import { createLogin } from '../../src/login/index.ts';
import { storeFromUrl } from '../../src/url.ts';
import { Browser } from '../support/visit.ts';

/** A process that logs one user in, so many times at once, when it is told to; and tells the cookies. */
const [, , url = '', count = '0'] = process.argv;
// What is looked at is not how fast a busy machine is.
const sessions = createSessions({ store: () => storeFromUrl(url), maxPerOwner: 3, deadline: '20s' });
const login = createLogin({ sessions, userLoader: (id) => ({ id }) });
await sessions.ready();

process.once('message', async () => {
  const browsers = Array.from({ length: Number(count) }, () => new Browser(sessions));
  const post = { method: 'POST' };
  await Promise.all(browsers.map((browser) => browser.visit((one) => login.of(one).loginUser({ id: 'ann' }), post)));
  await sessions.close();
  process.send?.(browsers.map(({ cookie }) => cookie ?? ''));
  process.disconnect();
});
process.send?.('ready');
