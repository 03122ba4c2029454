import { type Attack, outcome } from '../attack.ts';
import { Browser } from '../browser.ts';

/** Sessions that should be over. */
export const logout: readonly Attack[] = [
  {
    name: 'Stolen ticket after the logout',
    tried: 'A copy of the cookie is used after its user logged out.',
    test: ['test/login/login.test.ts', 'ends the session, the cookie and the login'],
    async run({ start }) {
      const ann = new Browser(await start());
      await ann.login('ann');
      const copy = ann.ticket();
      await ann.submit('/logout', {});
      const user = await ann.who(copy);
      return outcome(user !== null, `the copy is ${user ?? 'nobody'}`);
    },
  },
  {
    name: 'Back from the dead',
    tried:
      'While a slow request is under way its user logs out; then the slow request writes to its session. A copy of the cookie is used afterwards.',
    test: [
      'test/interface/races.test.ts',
      'G2: a session destroyed during a slow request does not come back, and the slow answer has no cookie',
    ],
    async run({ start }) {
      const target = await start();
      const ann = new Browser(target);
      await ann.login('ann');
      const copy = ann.ticket();
      const gate = target.gates.close('slow');
      const slow = ann.submit('/set?gate=slow', { key: 'seen', value: 'now' });
      await gate.reached;
      await ann.submit('/logout', {});
      gate.open();
      await slow;
      const user = await ann.who(copy);
      return outcome(user !== null, `the copy is ${user ?? 'nobody'}`);
    },
  },
  {
    name: 'Other browsers after a new password',
    tried:
      'The thief is logged in elsewhere. The user changes the password, and the application does what the libraries have for it.',
    test: ['test/interface/owners.test.ts', 'revokeAll ends all but the %s given'],
    async run({ start }) {
      const target = await start();
      const [thief, ann] = [new Browser(target), new Browser(target)];
      await thief.login('ann');
      await ann.login('ann');
      await ann.submit('/password', { password: 'new and long' });
      const [left, own] = [await thief.who(), await ann.who()];
      return outcome(left !== null, `the thief is ${left ?? 'nobody'}, the user is ${own ?? 'nobody'}`);
    },
  },
];
