import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Sessions } from 'coatcheck';
import { expressSessions } from 'coatcheck/http/express';
import express, { type ErrorRequestHandler, type Express, type Response } from 'express';
import { appointmentOf, bounds, type Fields, fieldsOf, problemsOf, readFields } from './appointment.ts';
import {
  add,
  appointments,
  type BookData,
  change,
  discardDraft,
  find,
  keepDraft,
  MOST,
  remove,
  session,
} from './book.ts';
import { dayOf } from './days.ts';
import { deletePage } from './pages/delete.ts';
import { editPage } from './pages/edit.ts';
import { errorPage } from './pages/error.ts';
import { listPage } from './pages/list.ts';
import { sessionPage } from './pages/session.ts';

const STATIC = fileURLToPath(new URL('static', import.meta.url));

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
};

/** The appointment book. Every page reads and writes nothing but the session. */
export function schedApp(sessions: Sessions<BookData>, now: () => Date = () => new Date()): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use((_request, response, next) => {
    response.set(HEADERS);
    next();
  });
  app.use(expressSessions(sessions, { onError: (error, _request, response) => sendError(error, response) }));
  app.use('/static', express.static(STATIC));
  app.use(express.urlencoded({ extended: false, limit: '16kb', parameterLimit: 20 }));

  app.get('/', (_request, response) => {
    response.send(listPage({ appointments: appointments(), draft: session.draft, now: now() }));
  });

  app.get('/new', (_request, response) => {
    const { draft } = session;
    response.send(editPage({ fields: draft ?? blank(now()), fromDraft: draft !== undefined }));
  });

  app.post('/appointments', async (request, response) => {
    const fields = readFields(request.body);
    if (fields === undefined) return refuse(response);
    const problems = problemsOf(fields);
    if (Object.keys(problems).length > 0) return void response.status(422).send(editPage({ fields, problems }));
    if (await add(appointmentOf(randomUUID(), fields))) return response.redirect(303, '/');
    const text = `Your book is full: a session keeps ${MOST} appointments. Delete one, then add this one again.`;
    response.status(409).send(editPage({ fields, messages: [{ kind: 'problem', text }] }));
  });

  app.get('/appointments/:id/edit', (request, response, next) => {
    const appointment = find(request.params.id);
    if (appointment === undefined) return next();
    response.send(editPage({ id: appointment.id, fields: fieldsOf(appointment) }));
  });

  app.post('/appointments/:id', async (request, response) => {
    const { id } = request.params;
    const fields = readFields(request.body);
    if (fields === undefined) return refuse(response);
    const problems = problemsOf(fields);
    if (Object.keys(problems).length > 0) return void response.status(422).send(editPage({ id, fields, problems }));
    if (await change(appointmentOf(id, fields))) return response.redirect(303, '/');
    const text = 'This appointment has been deleted, perhaps in another tab. If you still want it, add it again.';
    response.status(404).send(editPage({ fields, messages: [{ kind: 'problem', text }] }));
  });

  app.get('/appointments/:id/delete', (request, response, next) => {
    const appointment = find(request.params.id);
    if (appointment === undefined) return next();
    response.send(deletePage(appointment, dayOf(now())));
  });

  app.post('/appointments/:id/delete', (request, response, next) => {
    if (find(request.params.id) === undefined) return next();
    remove(request.params.id);
    response.redirect(303, '/');
  });

  app.post('/draft', (request, response) => {
    const fields = readFields(request.body);
    if (fields === undefined) return refuse(response);
    const problems = bounds(fields);
    if (Object.keys(problems).length > 0) return void response.status(422).send(editPage({ fields, problems }));
    keepDraft(fields);
    response.redirect(303, '/');
  });

  app.post('/draft/discard', (_request, response) => {
    discardDraft();
    response.redirect(303, '/');
  });

  app.get('/session', (_request, response) => {
    const { handle, createdAt, expiresAt, permanent } = session;
    response.send(sessionPage({ data: session.toJSON(), handle, createdAt, expiresAt, permanent }));
  });

  app.use((_request, response) => {
    response.status(404).send(errorPage(404));
  });
  const answerError: ErrorRequestHandler = (error, _request, response, next) => {
    if (response.headersSent) return next(error);
    sendError(error, response);
  };
  app.use(answerError);
  return app;
}

function blank(now: Date): Fields {
  return { title: '', date: dayOf(now), time: '', minutes: '30', place: '', note: '' };
}

/** A form that our pages do not send. */
function refuse(response: Response): void {
  response.status(400).send(errorPage(400));
}

function sendError(error: unknown, response: Response): void {
  const given = (error as { status?: unknown } | undefined)?.status;
  const status = typeof given === 'number' && given >= 400 && given <= 599 ? given : 500;
  if (status === 500) console.error(error);
  response.status(status).send(errorPage(status));
}
