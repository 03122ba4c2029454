import { createSessions } from '../../src/index.ts';
import { storeFromUrl } from '../../src/url.ts';
import { Browser } from '../support/visit.ts';

/** A process that logs one owner in, so many times at once, when it is told to; and tells the cookies. */
const [, , url = '', prefix = '', count = '0'] = process.argv;
const sessions = createSessions<{ user?: string; n?: number }>({
  store: () => storeFromUrl(url, prefix === '' ? {} : { prefix }),
  maxPerOwner: 3,
  ownerOf: ({ user }) => user,
});
await sessions.ready();

process.once('message', async () => {
  const browsers = Array.from({ length: Number(count) }, () => new Browser(sessions));
  await Promise.all(browsers.map((browser) => browser.visit((session) => session.assign({ user: 'ann' }))));
  await sessions.close();
  process.send?.(browsers.map(({ cookie }) => cookie ?? ''));
  process.disconnect();
});
process.send?.('ready');
