import { type Attack, outcome } from '../attack.ts';
import { Browser } from '../browser.ts';
import { transferred } from '../transferred.ts';

const GUEST = [
  'test/csrf/tokens.test.ts',
  'has the lock on its host, is hidden from scripts, and ends with the browser',
] as const;

/** A subdomain that somebody else controls sets cookies for the whole domain. */
export const plantedCookies: readonly Attack[] = [
  {
    name: 'Login with a planted session',
    tried:
      'A sibling plants the attacker’s guest cookies and sends the login form with the attacker’s name and the token that fits them, in silence.',
    test: GUEST,
    async run({ start }) {
      const target = await start();
      const [mallory, ann] = [new Browser(target), new Browser(target)];
      const token = await mallory.token();
      for (const name of mallory.jar.names()) ann.plant(name, mallory.jar.get(name) ?? '');
      const planted = ann.jar.names().length;
      // The visitor has been here before, and so has guests' cookies where the planted ones were refused.
      await ann.visit('/form');
      const form = { ...token, user: 'mallory', password: 'battery staple' };
      const answer = await ann.submit('/login', form, 'otherInSilence');
      const user = await ann.who();
      return outcome(
        user !== null,
        `the browser took ${planted === 0 ? 'none of the planted cookies' : 'the planted cookies'}; ${answer?.status}, the visitor is ${user ?? 'nobody'}`,
      );
    },
  },
  {
    name: 'Double submit',
    tried:
      'A sibling plants a CSRF cookie of the attacker’s over a visitor who is logged in, and sends the token that fits it, in silence; with `csurf({ cookie: true })`.',
    test: ['test/csrf/tokens.test.ts', 'of a guest are refused while somebody is logged in, also with their cookie'],
    async run({ start }) {
      const target = await start({ csrfCookie: true });
      const [mallory, ann] = [new Browser(target), new Browser(target)];
      await ann.login('ann');
      const token = await mallory.token();
      for (const name of mallory.jar.names()) ann.plant(name, mallory.jar.get(name) ?? '');
      const answer = await ann.submit('/transfer', token, 'otherInSilence');
      return transferred(target, answer);
    },
  },
  {
    name: 'Cookie tossing',
    tried:
      'A sibling adds a session cookie of the attacker’s beside the visitor’s own, so that two of one name arrive, the attacker’s first. (Browsers refuse it for names with `__Host-`; here both arrive all the same.)',
    test: ['test/interface/tickets.test.ts', 'a doubled cookie is never a choice of one, in either order'],
    async run({ start }) {
      const target = await start();
      const [mallory, ann] = [new Browser(target), new Browser(target)];
      await mallory.login('mallory');
      await ann.login('ann');
      const user = await ann.who(`${mallory.ticket()}; ${ann.ticket()}`);
      return outcome(user === 'mallory', `the visitor is ${user ?? 'nobody, until the next login'}`);
    },
  },
];
