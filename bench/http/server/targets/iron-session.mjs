import { getIronSession } from 'iron-session';
import { dataOf } from '../data.mjs';
import { plainly } from '../rates.mjs';

/** iron-session 8 with req and res: sealed in the cookie, opened and saved by the handler. It has no regenerate. */
export function ironSession({ send, size, secret }) {
  const options = { password: secret, cookieName: 'session', cookieOptions: { httpOnly: true, sameSite: 'lax' } };
  const open = (req, res) => getIronSession(req, res, options);
  const verbs = {
    open,
    save: (session) => session.save(),
    async end(req, res) {
      (await open(req, res)).destroy();
    },
    async login(req, res, user) {
      const session = await open(req, res);
      for (const key of Object.keys(session)) delete session[key];
      session.user = user;
      await session.save();
    },
    incrementPlainly: plainly,
  };
  return {
    verbs,
    handlers: {
      async read(req, res) {
        const session = await open(req, res);
        send(res, session.user);
      },
      async write(req, res) {
        const session = await open(req, res);
        session.visits += 1;
        await session.save();
        send(res, String(session.visits));
      },
      async login(req, res) {
        await verbs.login(req, res, 'ann');
        send(res, 'ann');
      },
      async seed(req, res) {
        const session = await open(req, res);
        Object.assign(session, dataOf(size));
        await session.save();
        send(res, 'seeded');
      },
    },
  };
}
