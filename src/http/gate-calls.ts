import { validateHeaderName, validateHeaderValue } from 'node:http';
import { type Field, field } from './field.ts';
import { checkHead, type NodeResponse } from './node-head.ts';

const NGHTTP2_INTERNAL_ERROR = 2;

const readDestroyed: Field = field('destroyed', (response) => response.destroyed);
const readStream: Field = field('stream', (response) => response.stream);

/** The methods by which an answer begins, goes on and ends. */
export type Verb = 'writeHead' | 'write' | 'end' | 'flushHeaders';

/** A call that waits. */
export type Call = readonly [verb: Verb, args: unknown[]];

/** How far an answer is. */
export type State =
  /** Nothing was said yet. */
  | 'idle'
  /** The commit, or what finishes the session, is under way; calls wait. */
  | 'held'
  /** The head may leave or has left. */
  | 'open'
  /** The commit failed: the handler's answer is swallowed, the error's goes instead. */
  | 'failed'
  /** The last chunk went, or nobody listens any more. */
  | 'done';

/** Throws what Node would throw later, when the caller is not there any more to catch it. */
export function checkCall(verb: Verb, args: readonly unknown[]): void {
  if (verb === 'writeHead') checkHead(args, checkField);
  else if (verb !== 'flushHeaders') checkChunk(args[0], verb === 'end');
}

/** The status as Node will judge it. */
export function checkStatus(status: number): void {
  if (status >= 100 && status <= 999) return;
  throw Object.assign(new RangeError(`Invalid status code: ${status}`), { code: 'ERR_HTTP_INVALID_STATUS_CODE' });
}

/** What Node throws at a second head. */
export function headersSent(): Error {
  const error = new Error('Cannot write headers after they are sent to the client');
  return Object.assign(error, { code: 'ERR_HTTP_HEADERS_SENT' });
}

/** Whether nobody is left to hear the answer. */
export function isClosed(response: NodeResponse): boolean {
  return readDestroyed(response) === true || (readStream(response) as NodeResponse['stream'])?.closed === true;
}

/** Ends the answer so that the client sees a broken one. */
export function breakOff(response: NodeResponse): void {
  if (response.stream !== undefined) response.stream.close(NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

/** Calls back who waits for a call that will not be made. */
export function callBack(args: readonly unknown[]): void {
  const callback = args.findLast((arg) => typeof arg === 'function') as (() => void) | undefined;
  if (callback !== undefined) queueMicrotask(callback);
}

function checkField(name: string, value: string): void {
  validateHeaderName(name);
  validateHeaderValue(name, value);
}

function checkChunk(chunk: unknown, optional: boolean): void {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return;
  if (optional && (chunk === undefined || chunk === null || typeof chunk === 'function')) return;
  const error = new TypeError('The chunk must be a string, a Buffer or a Uint8Array.');
  throw Object.assign(error, { code: chunk === null ? 'ERR_STREAM_NULL_VALUES' : 'ERR_INVALID_ARG_TYPE' });
}
