import { type Attack, outcome } from '../attack.ts';
import { Browser } from '../browser.ts';
import { transferred } from '../transferred.ts';

const OUTLIVES = 'test/conformance/flash-csrf.test.ts';

/** Tokens that were learned, guessed, kept or planted. */
export const tokens: readonly Attack[] = [
  {
    name: 'Token of another visitor',
    tried: 'The attacker takes a token from an own session and has the visitor’s browser send it, in silence.',
    test: [OUTLIVES, 'a token of another visitor, or from before a login, is worth nothing'],
    async run({ start }) {
      const target = await start();
      const [mallory, ann] = [new Browser(target), new Browser(target)];
      await mallory.login('mallory');
      await ann.login('ann');
      const answer = await ann.submit('/transfer', await mallory.token(), 'otherInSilence');
      return transferred(target, answer);
    },
  },
  {
    name: 'Token from before the login',
    tried: 'Who saw the browser’s token before the login sends it after the login, in silence.',
    test: ['test/csrf/tokens.test.ts', 'of a guest die with the login, and the cookie goes'],
    async run({ start }) {
      const target = await start();
      const ann = new Browser(target);
      const early = await ann.token();
      await ann.login('ann');
      const answer = await ann.submit('/transfer', early, 'otherInSilence');
      return transferred(target, answer);
    },
  },
  {
    name: 'Token from before the login, csurf’s own cookie',
    tried: 'The same with `csurf({ cookie: true })`, the first example of its README.',
    test: ['test/csrf/tokens.test.ts', 'of a guest die with the login, and the cookie goes'],
    async run({ start }) {
      const target = await start({ csrfCookie: true });
      const ann = new Browser(target);
      const early = await ann.token();
      await ann.login('ann');
      const answer = await ann.submit('/transfer', early, 'otherInSilence');
      return transferred(target, answer);
    },
  },
  {
    name: 'Compression (BREACH)',
    tried:
      'The token stands the same in two answers, so that its bytes can be guessed by the length of compressed pages.',
    test: ['test/csrf/tokens.test.ts', 'are the same within an answer and differ in the next, of both kinds'],
    async run({ start }) {
      const ann = new Browser(await start());
      await ann.login('ann');
      const [one, two] = [await ann.token(), await ann.token()].map((field) => Object.values(field)[0]);
      return outcome(one === two, one === two ? 'the same' : 'another one in each answer');
    },
  },
  {
    name: 'Token in the address',
    tried:
      'The token is sent in the query, from where it gets into logs, histories and `Referer`: is it taken there, so that people put it there?',
    test: [
      'test/http/csrf.test.ts',
      'takes it from nowhere else: not from the query, the path, a cookie or another header',
    ],
    async run({ start }) {
      const target = await start();
      const ann = new Browser(target);
      await ann.login('ann');
      const query = new URLSearchParams(await ann.token()).toString();
      const answer = await ann.submit(`/transfer?${query}`, {}, 'otherInSilence');
      return transferred(target, answer);
    },
  },
];
