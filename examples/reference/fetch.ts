import { readFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { type FetchHandler, fetchSessions } from 'coatcheck/http/fetch';
import { fetchCsrf } from 'coatcheck/http/fetch-csrf';
import { fetchLogin } from 'coatcheck/http/fetch-login';
import type { ServerRequest } from 'srvx';
import { toNodeHandler } from 'srvx/node';
import { type Answer, errorAnswer, HTML_TYPE, JSON_TYPE, PUBLIC_FOLDER, redirectText, TEXT_TYPE } from './answer.ts';
import type { App } from './app.ts';
import { readBody } from './body.ts';
import { type Fields, queryOf } from './fields.ts';
import { findRoute } from './find-route.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';

type Handler = FetchHandler<object, []>;

/** The application as a function of `Request` and `Response`, which srvx serves on Node. */
export function fetchApp(app: App): RequestListener {
  const handlers = new Map(routes.map((route) => [route, handlerOf(route, app)]));
  const serve: Handler = (request, context) => {
    const handler = handlers.get(findRoute(request.method, new URL(request.url).pathname)) as Handler;
    return handler(request, context);
  };
  const handler = fetchSessions<object>(app.sessions, serve, {
    address: (request) => (request as ServerRequest).ip,
    onError: (error) => toResponse(errorAnswer(error)),
  });
  return toNodeHandler((request) => handler(request)) as RequestListener;
}

function handlerOf(route: Route, app: App): Handler {
  const handler: Handler = async (request) => {
    const fields = route.method === 'GET' ? queryOf(request.url) : await fieldsOf(request);
    return toResponse(await route.handle(fields, app));
  };
  if (route.guarded !== true) return handler;
  if (route.exempt) return fetchCsrf(app.csrf, app.csrf.exempt(handler));
  return fetchCsrf(app.csrf, behindLogin(route, app, handler));
}

function behindLogin(route: Route, { login }: App, handler: Handler): Handler {
  const { loginRequired, freshLoginRequired } = fetchLogin(login);
  if (route.login === undefined) return handler;
  return route.login === 'fresh' ? freshLoginRequired(handler) : loginRequired(handler);
}

async function fieldsOf({ headers, body }: Request): Promise<Fields> {
  return body === null ? {} : readBody((name) => headers.get(name) ?? undefined, body);
}

async function toResponse(answer: Answer): Promise<Response> {
  switch (answer.kind) {
    case 'json': {
      const headers = new Headers({ 'Content-Type': JSON_TYPE });
      if (answer.cacheControl !== undefined) headers.set('Cache-Control', answer.cacheControl);
      return new Response(JSON.stringify(answer.body), { status: answer.status ?? 200, headers });
    }
    case 'html':
      return new Response(answer.body, { headers: { 'Content-Type': HTML_TYPE } });
    case 'file':
      return new Response(await readFile(new URL(answer.name, PUBLIC_FOLDER)), {
        headers: { 'Content-Type': answer.type },
      });
    case 'redirect':
      return new Response(redirectText(answer.to), {
        status: 302,
        headers: { Location: answer.to, 'Content-Type': TEXT_TYPE },
      });
    case 'stream':
      return new Response(streamOf(answer.chunks), { headers: { 'Content-Type': TEXT_TYPE } });
  }
}

/** Runs in `start`, within the request: `pull` is called by whoever sends the body, and the session would be nobody's. */
function streamOf(chunks: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async start(controller) {
      for await (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
}
