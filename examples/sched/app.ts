import { fileURLToPath } from 'node:url';
import type { Sessions } from 'coatcheck';
import { expressSessions } from 'coatcheck/http/express';
import { expressCsrf } from 'coatcheck/http/express-csrf';
import { expressViews } from 'coatcheck/http/express-views';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { sendError } from './answers.ts';
import { errorPage } from './pages/error.ts';
import { accountRoutes } from './routes/account.ts';
import { appointmentRoutes } from './routes/appointments.ts';
import { entryRoutes } from './routes/entry.ts';
import { type SchedOptions, services } from './services.ts';
import { viewOf } from './view.ts';

const STATIC = fileURLToPath(new URL('static', import.meta.url));

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
};

/** The appointment book. Users and their appointments are records beside the sessions, on the same store. */
export function schedApp(sessions: Sessions, options: SchedOptions = {}): Express {
  const our = services(sessions, options);
  const app = express();
  app.disable('x-powered-by');
  app.use((_request, response, next) => {
    response.set(HEADERS);
    next();
  });
  app.use(expressSessions(sessions, { onError: (error, _request, response) => sendError(error, response) }));
  app.use('/static', express.static(STATIC));
  app.use(express.urlencoded({ extended: false, limit: '16kb', parameterLimit: 20 }));
  app.use(expressCsrf(our.csrf), expressViews({ csrf: our.csrf, login: our.login }), our.guards.load);
  app.use((_request, response, next) => {
    // Behind a logout the browser's back button finds nothing.
    if (our.login.isAuthenticated) response.set('Cache-Control', 'no-store');
    next();
  });

  app.use(entryRoutes(our), accountRoutes(our), appointmentRoutes(our));

  app.use((_request, response) => {
    response.status(404).send(errorPage(404, viewOf(response)));
  });
  const answerError: ErrorRequestHandler = (error, _request, response, next) => {
    if (response.headersSent) return next(error);
    sendError(error, response);
  };
  app.use(answerError);
  return app;
}
