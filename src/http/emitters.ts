import { runIn, type SessionContext } from '../session/ambient.ts';
import { field } from './field.ts';
import { bindAtHome, type Guarded } from './home.ts';
import { headersOf, type NodeRequest } from './node-request.ts';

const readVersion = field('httpVersionMajor', (request) => request.httpVersionMajor);

interface Emitter {
  emit(event: string | symbol, ...args: unknown[]): boolean;
}

/** Sockets and parsers emit in a context of their own, in which a listener would find no session, or another's. */
function emitIn(context: SessionContext, emitter: Emitter): void {
  const { emit } = emitter;
  emitter.emit = (...args) => runIn(context, () => emit.apply(emitter, args));
}

/** Lets listeners on the request's body and on the response run in the request's context. */
export function bindEmitters(context: SessionContext, request: NodeRequest, visit: Guarded): void {
  if (mayHaveBody(request)) emitIn(context, request as Emitter);
  if (!bindAtHome(visit, context)) emitIn(context, visit.response as Emitter);
}

/** HTTP/1 announces a body (RFC 9112 section 6.3); an http2 stream ends with its head where it has none. */
function mayHaveBody(request: NodeRequest): boolean {
  if ((readVersion(request) as number) >= 2) return !request.readableEnded;
  const headers = headersOf(request);
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
