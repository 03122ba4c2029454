import cookieSession from 'cookie-session';
import { dataOf } from '../data.mjs';
import { plainly } from '../rates.mjs';
import { byProperty } from './by-property.mjs';

const verbs = {
  open: (req) => req.session,
  save: () => {},
  end(req) {
    req.session = null;
  },
  login(req, _res, user) {
    req.session = { user };
  },
  incrementPlainly: plainly,
};

/** cookie-session: the whole session in a signed cookie, readable by its owner. It has no regenerate. */
export function cookieSessionTarget({ send, size, secret }) {
  return {
    middleware: cookieSession({ name: 'session', keys: [secret], httpOnly: true, sameSite: 'lax' }),
    verbs,
    handlers: {
      ...byProperty(
        send,
        (req) => req.session,
        () => dataOf(size),
      ),
      login(req, res) {
        req.session = { user: 'ann' };
        send(res, 'ann');
      },
    },
  };
}
