import { validateHeaderName, validateHeaderValue } from 'node:http';
import { checkHead, type NodeResponse } from './node-head.ts';
import type { NodeRequest } from './node-request.ts';

const NGHTTP2_INTERNAL_ERROR = 2;

/** The methods by which an answer begins, goes on and ends. */
export type Verb = 'writeHead' | 'write' | 'end' | 'flushHeaders';

/** A call that waits. */
export type Call = readonly [verb: Verb, args: unknown[]];

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
export function isClosed({ destroyed, stream }: NodeResponse): boolean {
  return destroyed === true || stream?.closed === true;
}

/** Ends the answer so that the client sees a broken one. */
export function breakOff(response: NodeResponse): void {
  if (response.stream !== undefined) response.stream.close(NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

/** How many bytes of body are to come; NaN where the head does not say. */
export function announced(response: NodeResponse, request: NodeRequest): number {
  return request.method === 'HEAD' ? Number.NaN : Number(response.getHeader('Content-Length') ?? Number.NaN);
}

/** The bytes of a `write`. */
export function sizeOf([chunk, encoding]: readonly unknown[]): number {
  if (typeof chunk !== 'string') return (chunk as Uint8Array).byteLength;
  return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
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
