import { type Attack, outcome } from '../attack.ts';
import { Browser } from '../browser.ts';

/** The attacker knows the ticket that the visitor logs in with. */
export const fixation: readonly Attack[] = [
  {
    name: 'Planted ticket',
    tried:
      'The attacker opens a session and puts its cookie into the visitor’s browser. The visitor logs in. The attacker uses the cookie.',
    test: ['test/login/login.test.ts', 'knows the user on the next page, under a new id'],
    async run({ start }) {
      const target = await start();
      const [mallory, ann] = [new Browser(target), new Browser(target)];
      await mallory.submit('/set', { key: 'cart', value: 'mallory’s' });
      const planted = mallory.ticket();
      ann.jar.store([`${planted}; Path=/; Secure`]);
      await ann.login('ann');
      const user = await mallory.who(planted);
      const left = await ann.data('cart');
      return outcome(
        user !== null || left !== null,
        `the planted ticket is ${user ?? 'nobody'}, and of its data ${left === null ? 'nothing is' : 'some is'} left`,
      );
    },
  },
  {
    name: 'Login by hand, ticket kept',
    tried: 'The same, where the application logs in by `session.user = name` and forgets to ask for a new id.',
    test: ['test/interface/rotation.test.ts', 'identity by hand (R17)'],
    async run({ start }) {
      const target = await start();
      const [mallory, ann] = [new Browser(target), new Browser(target)];
      await mallory.submit('/set', { key: 'cart', value: 'mallory’s' });
      const planted = mallory.ticket();
      ann.jar.store([`${planted}; Path=/; Secure`]);
      await ann.submit('/by-hand', { user: 'ann' });
      const answer = await mallory.visit('/data?key=user', planted);
      return outcome(answer?.text === '"ann"', `to the planted ticket the user is ${answer?.text}`);
    },
  },
  {
    name: 'Made-up ticket',
    tried:
      'The attacker plants a ticket that no server gave out, or that of a session that is over, and waits behind it until something is stored.',
    test: [
      'test/http/every-store.test.ts',
      'a made-up id is never adopted: whoever writes gets another, and it is worth nothing afterwards',
    ],
    async run({ start }) {
      const target = await start();
      const mallory = new Browser(target);
      await mallory.login('mallory');
      const over = mallory.ticket();
      await mallory.submit('/logout', {});
      const seen: unknown[] = [];
      for (const ticket of [`${target.library.cookie}=${'A'.repeat(43)}`, over]) {
        const ann = new Browser(target);
        ann.jar.store([`${ticket}; Path=/; Secure`]);
        await ann.submit('/set', { key: 'cart', value: 'ann’s' });
        seen.push((await new Browser(target).visit('/data?key=cart', ticket))?.text);
      }
      const adopted = seen.filter((text) => text !== 'null').length;
      return outcome(adopted > 0, `${adopted} of ${seen.length} lead to what is stored`);
    },
  },
];
