import type { NodeResponse } from './node-head.ts';
import type { NodeRequest } from './node-request.ts';

/** The bytes of body that a head announced, counted down as they are written. */
export class Announced {
  /** NaN where the head does not say. */
  #missing: number;

  constructor(response: NodeResponse, { method }: NodeRequest) {
    this.#missing = method === 'HEAD' ? Number.NaN : Number(response.getHeader('Content-Length') ?? Number.NaN);
  }

  /** Whether the client has the whole answer with this `write`, before `end`. */
  completes(args: readonly unknown[]): boolean {
    if (!(this.#missing > 0)) return false;
    this.#missing -= sizeOf(args);
    return this.#missing <= 0;
  }
}

function sizeOf([chunk, encoding]: readonly unknown[]): number {
  if (typeof chunk !== 'string') return (chunk as Uint8Array).byteLength;
  return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
}
