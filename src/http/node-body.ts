import { Buffer } from 'node:buffer';
import { Beginning } from '../csrf/beginning.ts';
import { parsedField, rawField } from '../csrf/body-field.ts';
import type { NodeRequest } from './node-request.ts';

/**
 * A field of a request's body: of `request.body` where something has parsed it, else of the bytes themselves, which are
 * put back for whoever reads them next. Undefined for none.
 */
export async function bodyField(request: NodeRequest, name: string): Promise<unknown> {
  const { body } = request as { body?: unknown };
  const type = request.headers['content-type'];
  if (typeof body === 'string' || body instanceof Uint8Array) return fieldIn(type, Buffer.from(body as string), name);
  const parsed = parsedField(body, name);
  if (parsed !== undefined || !isUnread(request)) return parsed;
  const { 'content-encoding': encoding = 'identity', 'content-length': announced } = request.headers;
  if (encoding !== 'identity' || announced === '0') return undefined;
  const beginning = new Beginning(type, name);
  return beginning.promising ? readAhead(request, beginning, Number(announced)) : undefined;
}

function fieldIn(type: string | undefined, bytes: Uint8Array, name: string): unknown {
  const found = rawField(type, bytes, 'whole', name);
  return typeof found === 'object' ? found.value : undefined;
}

/** Nobody has read, and nobody has begun to. */
function isUnread(request: NodeRequest): boolean {
  const { readableDidRead, readableFlowing, readableEnded, destroyed } = request;
  return !readableDidRead && readableFlowing !== true && !readableEnded && !destroyed;
}

function readAhead(request: NodeRequest, beginning: Beginning, announced: number): Promise<unknown> {
  return new Promise((resolve) => {
    const settle = (value: unknown): void => {
      request.off('readable', look);
      for (const event of ['end', 'error', 'close']) request.off(event, giveUp);
      // Within the same turn: a stream that is read to its end and not filled again by then says that it has ended.
      if (beginning.length > 0 && !request.readableEnded) request.unshift(beginning.bytes);
      resolve(value);
    };
    const giveUp = (): void => settle(undefined);
    const look = (): void => {
      for (let chunk = request.read(); chunk !== null; chunk = request.read()) beginning.add(chunk);
      const whole = beginning.length >= announced || hasCome(request);
      const found = beginning.find(whole);
      if (found !== 'more') settle(found === 'none' ? undefined : found.value);
    };
    request.on('readable', look);
    for (const event of ['end', 'error', 'close']) request.once(event, giveUp);
  });
}

/** All of it has arrived. `complete` is HTTP/1's word; streams of HTTP/2 have no public one before they are read. */
function hasCome(request: NodeRequest): boolean {
  if (request.httpVersionMajor === 1) return request.complete;
  return (request as { _readableState?: { ended?: boolean } })._readableState?.ended === true;
}
