import { session } from 'coatcheck';
import { safeNext } from 'coatcheck/login';
import { type Answer, json } from './answer.ts';
import type { App } from './app.ts';
import { checkbox, text, wrong } from './fields.ts';
import { noOwners, notFound, Problem } from './problem.ts';
import { get, loginRequired, OK, post, type Route } from './route.ts';
import { who } from './who.ts';

/** The second factor of everybody. */
const CODE = '000000';

/** In characters. */
const LONGEST_PASSWORD = 1000;

/** Who is there, and what they may do about it. */
export const loginRoutes: readonly Route[] = [
  post('/login', async (body, { login, people }) => {
    const person = people.verify(text(body, 'user'), text(body, 'password'));
    const remember = checkbox(body, 'remember');
    if (checkbox(body, 'factor')) {
      if (person === undefined || !login.beginSecondFactor(person)) throw refused();
      return json({ ...(await who(login)), factor: 'code' });
    }
    if (person === undefined || !login.loginUser(person, { remember })) throw refused();
    return json({ ...(await who(login)), next: safeNext(body.next) });
  }),
  // The second factor of a login; of who is logged in, a confirmation.
  post('/stepup', async (body, { login }) => {
    const right = text(body, 'code') === CODE;
    const remember = checkbox(body, 'remember');
    const pending = await login.pendingLogin();
    if (pending === undefined) await login.require();
    if (!right) throw refused();
    if (pending === undefined) login.confirmLogin(['code']);
    else login.loginUser(pending.user, { remember, methods: [...pending.methods, 'code'] });
    return json({ ...(await who(login)), next: safeNext(body.next) });
  }),
  post('/logout', (_body, { login }) => {
    login.logoutUser();
    return OK;
  }),

  get('/me', async (_query, { login }) => json(await who(login))),
  loginRequired(get('/private', async (_query, { login }) => json(await who(login)))),
  { ...get('/fresh', async (_query, { login }) => json(await who(login))), login: 'fresh' },

  ...[
    post('/confirm', async (body, { login, people }) => {
      const { name } = await login.require();
      if (people.verify(name, text(body, 'password')) === undefined) throw refused();
      login.confirmLogin();
      return json(await who(login));
    }),
    post('/password', (body, app) => changePassword(text(body, 'old'), text(body, 'new'), app)),
    get('/sessions', async (_query, { sessions, login }) => {
      if (!('listFor' in sessions)) throw noOwners();
      const { id } = await login.require();
      const mine = await sessions.listFor(id);
      return json({ sessions: mine.map((one) => ({ ...one, current: one.handle === session.handle })) });
    }),
    post('/sessions/revoke', async (body, { sessions, login }) => {
      const handle = text(body, 'handle');
      if (!('revoke' in sessions)) throw noOwners();
      const { id } = await login.require();
      if (!(await sessions.revoke(id, handle))) throw notFound();
      return OK;
    }),
    post('/sessions/revoke-all', async (_body, { sessions, login }) => {
      const { id } = await login.require();
      await sessions.revokeAll(id);
      // This one as well, and its cookies.
      login.logoutUser();
      return OK;
    }),
  ].map(loginRequired),
];

/** Everything ends that the old password began, remember-me included; this browser goes on with a login of its own. */
async function changePassword(old: string, wanted: string, { sessions, login, people }: App): Promise<Answer> {
  if (wanted === '' || wanted.length > LONGEST_PASSWORD) {
    throw wrong(`The field new must have 1 to ${LONGEST_PASSWORD} characters.`);
  }
  const person = await login.require();
  if (people.verify(person.name, old) === undefined) throw refused();
  // First: a store that cannot do it leaves the old password.
  if ('listFor' in sessions) await sessions.revokeAll(person.id, { except: session });
  const changed = people.changePassword(person, wanted);
  const data = session.toJSON();
  login.loginUser(changed);
  session.assign(data);
  return json(await who(login));
}

/** One answer for every failure (OWASP ASVS 6.3.8). */
function refused(): Problem {
  return new Problem(401, 'LOGIN_FAILED', 'That was not right, or this user may not log in.');
}
