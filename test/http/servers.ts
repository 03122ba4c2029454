import { once } from 'node:events';
import {
  type Agent,
  request as ask,
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { connect, createServer as createServer2, type IncomingHttpHeaders } from 'node:http2';
import { type AddressInfo, connect as dial } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Answer {
  status: number;
  message: string;
  headers: IncomingHttpHeaders;
  /** Name, value, name, value as on the wire. */
  raw: string[];
  body: Buffer;
  text: string;
  trailers: NodeJS.Dict<string>;
  /** Whole: neither reset nor cut short. */
  complete: boolean;
}

export interface Ask {
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  agent?: Agent;
}

export async function listen(listener: RequestListener): Promise<{ port: number; server: Server }> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server };
}

export function get(port: number, options: Ask = {}): Promise<Answer> {
  const { path = '/', method = 'GET', headers = {}, body, agent } = options;
  return new Promise((resolve, reject) => {
    const request = ask({ host: '127.0.0.1', port, path, method, headers, agent: agent ?? false });
    request.on('error', reject);
    request.on('response', (response) => resolve(read(response)));
    request.end(body);
  });
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve) => {
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', () => undefined);
    response.on('close', resolve);
  });
  const body = Buffer.concat(chunks);
  return {
    status: response.statusCode ?? 0,
    message: response.statusMessage ?? '',
    headers: response.headers,
    raw: response.rawHeaders,
    body,
    text: body.toString(),
    trailers: response.trailers,
    complete: response.complete,
  };
}

/** Sends bytes as they are and gives what comes back until the server closes, or `enough` says so. */
export function wire(port: number, bytes: string, enough: (text: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = dial(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
      if (enough(text)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

/** One http2 request over cleartext. */
export async function get2(port: number, options: Ask = {}): Promise<Answer> {
  const { path = '/', method = 'GET', headers = {}, body } = options;
  const client = connect(`http://127.0.0.1:${port}`);
  client.on('error', () => undefined);
  const stream = client.request({ ':path': path, ':method': method, ...headers }, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const answer: Answer = {
    status: 0,
    message: '',
    headers: {},
    raw: [],
    body: Buffer.alloc(0),
    text: '',
    trailers: {},
    complete: true,
  };
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve) => {
    stream.on('response', (fields) => {
      answer.status = fields[':status'] ?? 0;
      answer.headers = fields;
    });
    stream.on('trailers', (fields) => {
      answer.trailers = fields as NodeJS.Dict<string>;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {
      answer.complete = false;
    });
    stream.on('close', resolve);
  });
  client.close();
  answer.body = Buffer.concat(chunks);
  answer.text = answer.body.toString();
  return answer;
}

export async function listen2(listener: (...args: any[]) => void): Promise<{ port: number }> {
  const server = createServer2(listener);
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port };
}
