import { createReadStream } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { nodeSessions } from 'coatcheck/http/node';
import { nodeCsrf } from 'coatcheck/http/node-csrf';
import { nodeLogin } from 'coatcheck/http/node-login';
import { type Answer, errorAnswer, HTML_TYPE, JSON_TYPE, PUBLIC_FOLDER, redirectText, TEXT_TYPE } from './answer.ts';
import type { App } from './app.ts';
import { readBody } from './body.ts';
import { queryOf } from './fields.ts';
import { findRoute } from './find-route.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** The application on node:http alone. */
export function nodeApp(app: App): RequestListener {
  const handlers = new Map(routes.map((route) => [route, handlerOf(route, app)]));
  const serve: Handler = (request, response) => {
    const { method = 'GET', url = '/' } = request;
    return handlers.get(findRoute(method, url.split('?', 1)[0] ?? '/'))?.(request, response);
  };
  return nodeSessions(app.sessions, serve, {
    onError: (error, _request, response) => send(response, errorAnswer(error)),
  });
}

function handlerOf(route: Route, app: App): Handler {
  const handler: Handler = async (request, response) => {
    const { url = '/', headers } = request;
    const fields = route.method === 'GET' ? queryOf(url) : await readBody((name) => headers[name], request);
    await send(response, await route.handle(fields, app));
  };
  if (route.guarded !== true) return handler;
  if (route.exempt) return nodeCsrf(app.csrf, app.csrf.exempt(handler));
  return nodeCsrf(app.csrf, behindLogin(route, app, handler));
}

function behindLogin(route: Route, { login }: App, handler: Handler): Handler {
  const { loginRequired, freshLoginRequired } = nodeLogin(login);
  if (route.login === undefined) return handler;
  return route.login === 'fresh' ? freshLoginRequired(handler) : loginRequired(handler);
}

async function send(response: ServerResponse, answer: Answer): Promise<void> {
  switch (answer.kind) {
    case 'json': {
      if (answer.cacheControl !== undefined) response.setHeader('Cache-Control', answer.cacheControl);
      response.writeHead(answer.status ?? 200, { 'Content-Type': JSON_TYPE });
      response.end(JSON.stringify(answer.body));
      return;
    }
    case 'html':
      response.writeHead(200, { 'Content-Type': HTML_TYPE });
      response.end(answer.body);
      return;
    case 'file':
      response.setHeader('Content-Type', answer.type);
      await pipeline(createReadStream(new URL(answer.name, PUBLIC_FOLDER)), response);
      return;
    case 'redirect':
      response.writeHead(302, { Location: answer.to, 'Content-Type': TEXT_TYPE });
      response.end(redirectText(answer.to));
      return;
    case 'stream':
      response.writeHead(200, { 'Content-Type': TEXT_TYPE });
      for await (const chunk of answer.chunks) response.write(chunk);
      response.end();
  }
}
