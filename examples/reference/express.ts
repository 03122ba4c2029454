import type { RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';
import { expressSessions } from 'coatcheck/http/express';
import { expressCsrf } from 'coatcheck/http/express-csrf';
import { expressLogin } from 'coatcheck/http/express-login';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { type Answer, errorAnswer, HTML_TYPE, PUBLIC_FOLDER, TEXT_TYPE } from './answer.ts';
import type { App } from './app.ts';
import { BODY_LIMIT, bodyProblem } from './body.ts';
import { type Fields, queryOf } from './fields.ts';
import { notFound } from './problem.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';

/** The application on Express, given the module of version 4 or 5. */
export function expressApp(express: typeof import('express'), ours: App): RequestListener {
  const { sessions, csrf } = ours;
  const app = express();
  // As exact as the other adapters.
  app.enable('case sensitive routing').enable('strict routing');
  app.use(expressSessions(sessions, { onError: (error, _request, response) => send(response, errorAnswer(error)) }));
  app.use(express.json({ limit: BODY_LIMIT }), express.urlencoded({ limit: BODY_LIMIT, extended: false }));
  const guard = expressCsrf(csrf);
  const { loginRequired, freshLoginRequired } = expressLogin(ours.login);
  const guards = { required: [loginRequired], fresh: [freshLoginRequired()], none: [] };
  for (const route of routes) {
    const method = route.method === 'GET' ? 'get' : 'post';
    // Express 4 does not look at the promise of a handler.
    const handler: RequestHandler = (request, response, next) => void serve(route, ours, request, response).catch(next);
    const before = [...(route.guarded ? [guard] : []), ...guards[route.login ?? 'none']];
    app[method](route.path, ...before, route.exempt ? csrf.exempt(handler) : handler);
  }
  app.use((_request, _response, next) => next(notFound()));
  const onError: ErrorRequestHandler = (error, _request, response, next) => {
    if (response.headersSent) next(error);
    else void send(response, errorAnswer(isUnreadable(error) ? bodyProblem(error.status) : error)).catch(next);
  };
  app.use(onError);
  return app;
}

async function serve(route: Route, app: App, request: Request, response: Response): Promise<void> {
  const fields = route.method === 'GET' ? queryOf(request.originalUrl) : ((request.body ?? {}) as Fields);
  await send(response, await route.handle(fields, app));
}

async function send(response: Response, answer: Answer): Promise<void> {
  switch (answer.kind) {
    case 'json':
      if (answer.cacheControl !== undefined) response.set('Cache-Control', answer.cacheControl);
      response.status(answer.status ?? 200).json(answer.body);
      return;
    case 'html':
      response.set('Content-Type', HTML_TYPE).send(answer.body);
      return;
    case 'file':
      response.sendFile(answer.name, { root: fileURLToPath(PUBLIC_FOLDER) });
      return;
    case 'redirect':
      response.redirect(answer.to);
      return;
    case 'stream':
      response.set('Content-Type', TEXT_TYPE);
      for await (const chunk of answer.chunks) response.write(chunk);
      response.end();
  }
}

/** How the body parsers of Express say that a body cannot be read. */
function isUnreadable(error: unknown): error is { status: number } {
  const { status, type } = error as { status?: unknown; type?: unknown };
  return typeof type === 'string' && typeof status === 'number' && status >= 400 && status < 500;
}
