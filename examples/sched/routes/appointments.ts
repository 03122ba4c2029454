import { randomUUID } from 'node:crypto';
import { session } from 'coatcheck';
import { flash } from 'coatcheck/flash';
import { Router } from 'express';
import { refuse } from '../answers.ts';
import { appointmentOf, bounds, type Fields, fieldsOf, problemsOf, readFields } from '../appointment.ts';
import { add, appointments, type Book, change, discardDraft, find, keepDraft, MOST, remove } from '../book.ts';
import { dayOf } from '../days.ts';
import { deletePage } from '../pages/delete.ts';
import { editPage } from '../pages/edit.ts';
import { listPage } from '../pages/list.ts';
import { sessionPage } from '../pages/session.ts';
import { welcomePage } from '../pages/welcome.ts';
import type { Services } from '../services.ts';
import { viewOf } from '../view.ts';

/** The book of whoever is logged in. */
export function appointmentRoutes({ login, books, guards, scripts, now }: Services): Router {
  const { loginRequired } = guards;
  const routes = Router();
  const book = async (): Promise<Book> => books(await login.require());

  routes.get('/', async (_request, response) => {
    const view = viewOf(response);
    if (!login.isAuthenticated) return void response.send(welcomePage(view));
    const mine = await book();
    response.send(listPage(view, { appointments: appointments(mine), draft: mine.draft, now: now() }));
  });

  routes.get('/new', loginRequired, async (_request, response) => {
    const { draft } = await book();
    const fields = draft ?? blank(now());
    response.send(editPage(viewOf(response), { fields, fromDraft: draft !== undefined }));
  });

  routes.post('/appointments', loginRequired, async (request, response) => {
    const view = viewOf(response);
    const fields = readFields(request.body);
    if (fields === undefined) return refuse(response);
    const problems = problemsOf(fields);
    if (Object.keys(problems).length > 0) return void response.status(422).send(editPage(view, { fields, problems }));
    if (await add(await book(), appointmentOf(randomUUID(), fields))) {
      flash('The appointment is added.');
      return response.redirect(303, '/');
    }
    const text = `Your book is full: it keeps ${MOST} appointments. Delete one, then add this one again.`;
    response.status(409).send(editPage(view, { fields, messages: [{ kind: 'problem', text }] }));
  });

  routes.get('/appointments/:id/edit', loginRequired, async (request, response, next) => {
    const appointment = find(await book(), String(request.params.id));
    if (appointment === undefined) return next();
    response.send(editPage(viewOf(response), { id: appointment.id, fields: fieldsOf(appointment) }));
  });

  routes.post('/appointments/:id', loginRequired, async (request, response) => {
    const view = viewOf(response);
    const id = String(request.params.id);
    const fields = readFields(request.body);
    if (fields === undefined) return refuse(response);
    const problems = problemsOf(fields);
    if (Object.keys(problems).length > 0) {
      return void response.status(422).send(editPage(view, { id, fields, problems }));
    }
    if (await change(await book(), appointmentOf(id, fields))) {
      flash('Your changes are saved.');
      return response.redirect(303, '/');
    }
    const text = 'This appointment has been deleted, perhaps in another tab. If you still want it, add it again.';
    response.status(404).send(editPage(view, { fields, messages: [{ kind: 'problem', text }] }));
  });

  routes.get('/appointments/:id/delete', loginRequired, async (request, response, next) => {
    const appointment = find(await book(), String(request.params.id));
    if (appointment === undefined) return next();
    response.send(deletePage(viewOf(response), appointment, dayOf(now())));
  });

  routes.post('/appointments/:id/delete', loginRequired, async (request, response, next) => {
    const id = String(request.params.id);
    const mine = await book();
    if (find(mine, id) === undefined) return next();
    remove(mine, id);
    flash('The appointment is deleted.');
    response.redirect(303, '/');
  });

  routes.post('/draft', loginRequired, async (request, response) => {
    const fields = readFields(request.body);
    if (fields === undefined) return refuse(response);
    const problems = bounds(fields);
    if (Object.keys(problems).length > 0) {
      return void response.status(422).send(editPage(viewOf(response), { fields, problems }));
    }
    flash(keepDraft(await book(), fields) ? 'Your draft is kept.' : 'There is nothing to keep yet.');
    response.redirect(303, '/');
  });

  // For the script that keeps what is typed: no page, no message.
  routes.post('/draft/typed', scripts.loginRequired, async (request, response) => {
    const fields = readFields(request.body);
    if (fields === undefined) return refuse(response);
    if (Object.keys(bounds(fields)).length > 0) return void response.status(422).end();
    keepDraft(await book(), fields);
    response.status(204).end();
  });

  routes.post('/draft/discard', loginRequired, async (_request, response) => {
    discardDraft(await book());
    flash('Your draft is discarded.');
    response.redirect(303, '/');
  });

  routes.get('/session', loginRequired, async (_request, response) => {
    const { handle, createdAt, expiresAt } = session;
    const facts = { book: (await book()).toJSON(), handle, createdAt, expiresAt, fresh: login.isFresh() };
    response.send(sessionPage(viewOf(response), facts));
  });

  return routes;
}

function blank(now: Date): Fields {
  return { title: '', date: dayOf(now), time: '', minutes: '30', place: '', note: '' };
}
