import { type Attack, outcome } from '../attack.ts';
import { Browser, type From } from '../browser.ts';
import { transferred } from '../transferred.ts';

const HOW: readonly (readonly [from: From, name: string, tried: string])[] = [
  ['other', 'Form of another site', 'A page of another site sends the form that transfers money.'],
  [
    'otherByOrigin',
    'Form of another site, without `Sec-Fetch-Site`',
    'The same from a browser that only sends `Origin`.',
  ],
  [
    'otherInSilence',
    'Form of another site, in silence',
    'The same where neither header arrives, as from old browsers or through some proxies.',
  ],
  ['sibling', 'Form of a sibling', 'The same from a subdomain that somebody else controls.'],
];

const forms: readonly Attack[] = HOW.map(([from, name, tried]) => ({
  name,
  tried,
  test: [
    'test/csrf/decision.test.ts',
    'the whole table of method, Sec-Fetch-Site, Origin, cookie and token, with tokens: %s',
  ],
  async run({ start }) {
    const target = await start();
    const ann = new Browser(target);
    await ann.login('ann');
    const answer = await ann.submit('/transfer', { to: 'mallory' }, from);
    return transferred(target, answer);
  },
}));

/** Requests that the visitor's browser is made to send. */
export const forged: readonly Attack[] = [
  ...forms,
  {
    name: 'Login CSRF',
    tried: 'A page of another site logs the visitor in as the attacker, to see later what the visitor enters.',
    test: ['test/http/csrf.test.ts', 'guards a login too, and its cookie goes with it'],
    async run({ start }) {
      const ann = new Browser(await start());
      await ann.visit('/form');
      const answer = await ann.submit('/login', { user: 'mallory', password: 'battery staple' }, 'other');
      const user = await ann.who();
      return outcome(user !== null, `${answer?.status}, the visitor is ${user ?? 'nobody'}`);
    },
  },
  {
    name: 'Logout by an image',
    tried: '`<img src="/logout">` on another site, where the application routes `GET /logout` to the library’s logout.',
    test: ['test/login/login.test.ts', 'does not run in a %s request'],
    async run({ start }) {
      const ann = new Browser(await start());
      await ann.login('ann');
      const answer = await ann.visit('/logout');
      const user = await ann.who();
      return outcome(user !== 'ann', `${answer?.status}, the visitor is ${user ?? 'nobody'}`);
    },
  },
  {
    name: 'Cookie without `SameSite`',
    tried: 'What the session’s cookie tells browsers that go by `SameSite` only where it is said (Firefox, Safari).',
    test: [
      'test/cookie/options.test.ts',
      'makes a host-locked browser-session cookie by default, with every attribute written out',
    ],
    async run({ start }) {
      const target = await start();
      const ann = new Browser(target);
      await ann.visit('/form');
      const answer = await ann.login('ann');
      const line = answer?.setCookies.find((one) => one.startsWith(`${target.library.cookie}=`)) ?? '';
      const attributes = line
        .split('; ')
        .slice(1)
        .filter((part) => !/^(expires|max-age)=/i.test(part));
      return outcome(!/; samesite=(lax|strict)/i.test(line), `\`${attributes.join('; ')}\``);
    },
  },
];
