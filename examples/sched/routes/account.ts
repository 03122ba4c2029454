import { session } from 'coatcheck';
import { flash } from 'coatcheck/flash';
import { Router } from 'express';
import { refuse } from '../answers.ts';
import { passwordProblem } from '../credentials.ts';
import { accountPage } from '../pages/account.ts';
import { devicesPage } from '../pages/devices.ts';
import { leavePage } from '../pages/leave.ts';
import { hashOf } from '../passwords.ts';
import { prove } from '../proof.ts';
import type { Services } from '../services.ts';
import { textsOf } from '../texts.ts';
import { viewOf } from '../view.ts';

/** How old a password may be for what cannot be undone (ms). */
const FRESH_MS = 5 * 60_000;

/** What users do to their account. */
export function accountRoutes(services: Services): Router {
  const { login, users, sessions, guards } = services;
  const { loginRequired, freshLoginRequired } = guards;
  const justConfirmed = freshLoginRequired({ maxAge: FRESH_MS });
  const routes = Router();

  routes.get('/account', loginRequired, async (_request, response) => {
    response.send(accountPage(viewOf(response), { user: await login.require(), fresh: login.isFresh() }));
  });

  routes.post('/account/password', loginRequired, async (request, response) => {
    const texts = textsOf(request.body, ['current', 'changed']);
    if (texts === undefined) return refuse(response);
    const user = await login.require();
    const proof = await prove(services, user.name, texts.current);
    await proof?.attempt.succeeded();
    const problem = passwordProblem(texts.changed, user.name);
    const changed =
      proof && problem === undefined ? await users.changePassword(proof.user, await hashOf(texts.changed)) : undefined;
    if (changed === undefined) {
      const current = proof && problem ? undefined : 'That did not work. Check the password, or try again later.';
      const problems = { current, changed: problem };
      const page = accountPage(viewOf(response), { user, fresh: login.isFresh(), problems });
      return void response.status(422).send(page);
    }
    await sessions.revokeAll(user.id, { except: session });
    // Under a new id, and as a session of the new password.
    login.loginUser(changed, { remember: request.body.remember === 'on' });
    flash('Your password is changed. Everywhere else you are logged out.');
    response.redirect(303, '/account');
  });

  routes.get('/account/devices', loginRequired, async (_request, response) => {
    const user = await login.require();
    response.send(devicesPage(viewOf(response), { sessions: await sessions.listFor(user.id), own: session.handle }));
  });

  routes.post('/account/devices/:handle/revoke', loginRequired, async (request, response, next) => {
    const { handle } = request.params;
    const user = await login.require();
    if (handle === session.handle) {
      login.logoutUser();
      flash('You are logged out.');
      return response.redirect(303, '/');
    }
    // Only among this user's own: a handle of somebody else is none.
    if (!(await sessions.revoke(user.id, String(handle)))) return next();
    flash('That device is logged out.');
    response.redirect(303, '/account/devices');
  });

  routes.post('/account/devices/revoke-all', loginRequired, async (_request, response) => {
    const user = await login.require();
    await sessions.revokeAll(user.id);
    login.logoutUser();
    flash('You are logged out everywhere.');
    response.redirect(303, '/');
  });

  routes.get('/account/delete', justConfirmed, (_request, response) => {
    response.send(leavePage(viewOf(response)));
  });

  routes.post('/account/delete', justConfirmed, async (_request, response) => {
    const user = await login.require();
    // The user, the book, every session and whatever remembers one: all of it has this owner.
    await sessions.forgetOwner(user.id);
    login.logoutUser();
    flash('Your account is deleted, with everything in it.');
    response.redirect(303, '/');
  });

  return routes;
}
