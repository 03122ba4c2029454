import { createReadStream } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { nodeSessions } from 'coatcheck/http/node';
import { type Answer, errorAnswer, JSON_TYPE, PUBLIC_FOLDER, redirectText, TEXT_TYPE } from './answer.ts';
import { readBody } from './body.ts';
import { queryOf } from './fields.ts';
import { findRoute } from './find-route.ts';
import type { AppSessions } from './sessions.ts';

/** The application on node:http alone. */
export function nodeApp(sessions: AppSessions): RequestListener {
  return nodeSessions(sessions, (request, response) => serve(sessions, request, response), {
    onError: (error, _request, response) => send(response, errorAnswer(error)),
  });
}

async function serve(sessions: AppSessions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/', headers } = request;
  const route = findRoute(method, url.split('?', 1)[0] ?? '/');
  const fields = route.method === 'GET' ? queryOf(url) : await readBody((name) => headers[name], request);
  await send(response, await route.handle(fields, sessions));
}

async function send(response: ServerResponse, answer: Answer): Promise<void> {
  switch (answer.kind) {
    case 'json': {
      if (answer.cacheControl !== undefined) response.setHeader('Cache-Control', answer.cacheControl);
      response.writeHead(answer.status ?? 200, { 'Content-Type': JSON_TYPE });
      response.end(JSON.stringify(answer.body));
      return;
    }
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
