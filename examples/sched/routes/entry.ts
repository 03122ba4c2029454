import { flash } from 'coatcheck/flash';
import { safeNext } from 'coatcheck/login';
import { Router } from 'express';
import { refuse } from '../answers.ts';
import { nameOf, nameProblem, passwordProblem } from '../credentials.ts';
import { confirmPage } from '../pages/confirm.ts';
import { loginPage } from '../pages/login.ts';
import { registerPage } from '../pages/register.ts';
import { hashOf } from '../passwords.ts';
import { prove } from '../proof.ts';
import type { Services } from '../services.ts';
import { textsOf } from '../texts.ts';
import { viewOf } from '../view.ts';

/** Signing up, logging in and out, and the password once more. */
export function entryRoutes(services: Services): Router {
  const { login, users, limiter, guards } = services;
  const routes = Router();

  routes.get('/register', (_request, response) => {
    if (login.isAuthenticated) return response.redirect(303, '/');
    response.send(registerPage(viewOf(response), { name: '', problems: {} }));
  });

  routes.post('/register', async (request, response) => {
    const texts = textsOf(request.body, ['name', 'password']);
    if (texts === undefined) return refuse(response);
    const name = nameOf(texts.name);
    const problems = { name: nameProblem(name), password: passwordProblem(texts.password, name) };
    const sound = problems.name === undefined && problems.password === undefined;
    const user = sound ? await users.add(name, await hashOf(texts.password)) : undefined;
    if (user === undefined) {
      const told = sound ? { name: 'This name is taken.' } : problems;
      return void response.status(422).send(registerPage(viewOf(response), { name, problems: told }));
    }
    login.loginUser(user);
    // From now on strangers who guess at this account do not lock it for this browser.
    await (await limiter.attempt(name)).succeeded();
    flash(`Welcome, ${name}. This book is yours.`);
    response.redirect(303, '/');
  });

  routes.get('/login', (request, response) => {
    const next = safeNext(request.query.next);
    if (login.isAuthenticated) return response.redirect(303, next);
    response.send(loginPage(viewOf(response), { next, failed: request.query.failed !== undefined }));
  });

  routes.post('/login', async (request, response) => {
    const texts = textsOf(request.body, ['name', 'password']);
    if (texts === undefined) return refuse(response);
    const next = safeNext(request.body.next);
    const proof = await prove(services, nameOf(texts.name), texts.password);
    if (proof === undefined || !login.loginUser(proof.user, { remember: request.body.remember === 'on' })) {
      return response.redirect(303, `/login?${new URLSearchParams({ failed: '1', next })}`);
    }
    await proof.attempt.succeeded();
    await users.loggedIn(proof.user);
    flash(`Welcome back, ${proof.user.name}.`);
    response.redirect(303, next);
  });

  routes.post('/logout', (_request, response) => {
    login.logoutUser();
    flash('You are logged out.');
    response.redirect(303, '/');
  });

  routes.get('/confirm', guards.loginRequired, (request, response) => {
    response.send(confirmPage(viewOf(response), { next: safeNext(request.query.next, '/account') }));
  });

  routes.post('/confirm', guards.loginRequired, async (request, response) => {
    const texts = textsOf(request.body, ['password']);
    if (texts === undefined) return refuse(response);
    const next = safeNext(request.body.next, '/account');
    const user = await login.require();
    const proof = await prove(services, user.name, texts.password);
    if (proof === undefined) {
      const problem = 'That did not work. Check the password, or try again later.';
      return void response.status(422).send(confirmPage(viewOf(response), { next, problem }));
    }
    login.confirmLogin();
    await proof.attempt.succeeded();
    flash('Thank you, it is you.');
    response.redirect(303, next);
  });

  return routes;
}
