import { RedisStore } from 'connect-redis';
import session from 'express-session';
import { dataOf } from '../data.mjs';
import { plainly } from '../rates.mjs';
import { byProperty } from './by-property.mjs';

const done = (resolve, reject) => (error) => (error ? reject(error) : resolve());

const verbs = {
  open: (req) => req.session,
  // By itself, at the end of the answer.
  save: () => {},
  end: (req) => new Promise((resolve, reject) => req.session.destroy(done(resolve, reject))),
  async login(req, _res, user) {
    await new Promise((resolve, reject) => req.session.regenerate(done(resolve, reject)));
    req.session.user = user;
  },
  incrementPlainly: plainly,
};

/** express-session on connect-redis, with the two options that its documentation recommends. */
export function expressSession({ send, client, size, secret }) {
  return {
    middleware: session({
      store: new RedisStore({ client, prefix: 'express-session:' }),
      secret,
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax' },
    }),
    verbs,
    handlers: {
      ...byProperty(
        send,
        (req) => req.session,
        () => dataOf(size),
      ),
      login(req, res) {
        req.session.regenerate((error) => {
          if (error) throw error;
          req.session.user = 'ann';
          send(res, 'ann');
        });
      },
    },
  };
}
