import { type Attack, outcome } from '../attack.ts';
import { Browser } from '../browser.ts';
import { TimeMachine } from '../time.ts';

const HALF_AN_HOUR = 1_800_000;
const A_MINUTE = 60_000;

/** Cookies that were copied. */
export const theft: readonly Attack[] = [
  {
    name: 'Stolen ticket, kept in use',
    tried: 'A copy of the cookie is used every half hour for two days, while its user is away.',
    test: ['test/interface/time.test.ts', 'polling every minute, writing and rotating do not move it'],
    movesTime: true,
    async run({ start }) {
      const ann = new Browser(await start());
      await ann.login('ann');
      const copy = ann.ticket();
      const time = new TimeMachine();
      let uses = 0;
      try {
        for (; uses < 96 && (await ann.who(copy)) !== null; uses++) time.advance(HALF_AN_HOUR);
      } finally {
        time.back();
      }
      return outcome(uses === 96, uses === 96 ? 'still logged in' : `over after ${uses / 2} h`);
    },
  },
  {
    name: 'Stolen remember-me cookie',
    tried: 'A copy of it is used by a thief, and a minute later its user comes back with the one that was copied.',
    test: ['test/login/remember.test.ts', 'ends the family when a replaced cookie is shown after the grace'],
    movesTime: true,
    async run({ start }) {
      const target = await start();
      const ann = new Browser(target);
      await ann.login('ann', { remember: 'yes' });
      const name = ann.jar.names().find((one) => /remember/i.test(one));
      if (name === undefined) return { result: 'not there', seen: 'nobody is remembered' };
      const kept = `${name}=${ann.jar.get(name)}`;
      const time = new TimeMachine();
      try {
        const thief = new Browser(target);
        await thief.who(kept);
        const before = await thief.who();
        time.advance(A_MINUTE);
        await ann.who(kept);
        const after = await thief.who();
        return outcome(
          after !== null,
          `the thief is ${before ?? 'nobody'} at first, and ${after ?? 'nobody'} afterwards`,
        );
      } finally {
        time.back();
      }
    },
  },
  {
    name: 'Guessing passwords',
    tried: 'Fifteen wrong passwords for one account, then the right one, all from one stranger’s browser.',
    test: [
      'test/login/limiter.test.ts',
      'are refused once too many have failed, and allowed again when the time is over',
    ],
    async run({ start }) {
      const stranger = new Browser(await start());
      for (let i = 0; i < 15; i++) await stranger.submit('/login', { user: 'ann', password: `guess ${i}` });
      await stranger.login('ann');
      const user = await stranger.who();
      return outcome(user !== null, `the right one ${user === null ? 'is refused too' : 'logs in'}`);
    },
  },
  {
    name: 'Locking somebody out',
    tried:
      'A stranger sends fifteen wrong passwords for one account; then its user logs in from a browser used before.',
    test: ['test/login/limiter.test.ts', 'of strangers lock nobody out whose browser the account knows'],
    async run({ start }) {
      const target = await start();
      const [ann, stranger] = [new Browser(target), new Browser(target)];
      await ann.login('ann');
      await ann.submit('/logout', {});
      for (let i = 0; i < 15; i++) await stranger.submit('/login', { user: 'ann', password: `guess ${i}` });
      await ann.login('ann');
      const user = await ann.who();
      return outcome(user === null, `the user ${user === null ? 'is refused' : 'logs in'}`);
    },
  },
];
