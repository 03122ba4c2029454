import { type Attack, outcome } from '../attack.ts';
import { Browser } from '../browser.ts';
import { SharedCache } from '../shared-cache.ts';
import { SITE } from '../wire.ts';

/** Spellings of another site; test/login/next.test.ts has more. */
const SPELLINGS = [
  'https://evil.example',
  'HTTPS://evil.example',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\/evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/%09/evil.example',
  '/%5cevil.example',
  '/%2f%2fevil.example',
  'javascript:alert(1)',
  'data:text/html,hi',
  'https:evil.example',
  'https://shop.example@evil.example',
];

/** What stands in answers. */
export const pages: readonly Attack[] = [
  {
    name: 'Open redirect',
    tried: `${SPELLINGS.length} spellings of another site as \`next\` of a login that succeeds.`,
    test: ['test/login/next.test.ts', 'gives the fallback for %j'],
    async run({ start }) {
      const target = await start();
      let away = 0;
      for (const next of SPELLINGS) {
        const answer = await new Browser(target).login('ann', { next });
        const location = answer?.headers.location ?? '';
        if (!URL.canParse(location, SITE) || new URL(location, `${SITE}/login`).origin !== SITE) away++;
      }
      return outcome(away > 0, `${away} of ${SPELLINGS.length} lead away`);
    },
  },
  {
    name: 'Page in a shared cache',
    tried:
      'The application says `Cache-Control: public` on all pages, also on one that names its user. A stranger asks a cache (RFC 9111) for the page.',
    test: ['test/http/head.test.ts', 'Cache-Control %s becomes %s'],
    async run({ start }) {
      const target = await start();
      const cache = new SharedCache();
      const ann = new Browser(target);
      await ann.login('ann');
      await cache.visit(ann, '/cached');
      const seen = await cache.visit(new Browser(target), '/cached');
      return outcome(seen.text.includes('ann'), `the stranger sees “${seen.text}”`);
    },
  },
  {
    name: 'Ticket in a shared cache',
    tried: 'The same with the page that begins a session: the cache hands its `Set-Cookie` to the next visitor.',
    test: ['test/http/head.test.ts', 'with our Set-Cookie the answer is no-store, whatever the handler said (R53)'],
    async run({ start }) {
      const target = await start();
      const cache = new SharedCache();
      const ann = new Browser(target);
      await cache.visit(ann, '/cached-first');
      const stranger = new Browser(target);
      await cache.visit(stranger, '/cached-first');
      const shared = ann.ticket() === stranger.ticket();
      return outcome(shared, shared ? 'both have one session' : 'each has a session');
    },
  },
];
