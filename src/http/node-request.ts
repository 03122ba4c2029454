import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { SessionRequest } from '../interface/contract.ts';
import { field } from './field.ts';

/** What node:http and the http2 compatibility layer hand to a listener. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;

const readMethod = field('method', (request) => request.method);
const readOriginalUrl = field('originalUrl', (request) => request.originalUrl);
/** All header fields, as Node has them. */
export const headersOf = field('headers', (request) => request.headers) as (
  request: NodeRequest,
) => NodeRequest['headers'];

/** A Node request as the interface sees it. Nothing is computed before somebody asks. */
export class NodeSessionRequest implements SessionRequest {
  readonly #request: NodeRequest;
  #hasCookie: boolean | undefined;

  constructor(request: NodeRequest) {
    this.#request = request;
  }

  get method(): string {
    return (readMethod(this.#request) as string | undefined) ?? 'GET';
  }

  get path(): string {
    // Express and Connect cut the mount point off `url`; the wire's target stays in `originalUrl`.
    const original = readOriginalUrl(this.#request);
    const target = typeof original === 'string' ? original : (this.#request.url ?? '/');
    const query = target.indexOf('?');
    return query < 0 ? target : target.slice(0, query);
  }

  get cookie(): string | undefined {
    const { cookie } = headersOf(this.#request);
    this.#hasCookie ??= cookie !== undefined;
    return cookie;
  }

  /** Whether there was one when it was first asked for. */
  get hasCookie(): boolean {
    return this.#hasCookie ?? this.cookie !== undefined;
  }

  header(name: string): string | undefined {
    const { headers } = this.#request;
    if (name === 'host') return hostOf(this.#request);
    // Own fields only: `headers` may inherit from Object.prototype.
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    return Array.isArray(value) ? value.join(', ') : value;
  }

  get address(): string | undefined {
    try {
      return this.#request.socket.remoteAddress;
    } catch {
      // An http2 stream that was reset has no socket any more.
      return undefined;
    }
  }

  get secure(): boolean {
    try {
      return (this.#request.socket as { encrypted?: boolean }).encrypted === true;
    } catch {
      return false;
    }
  }
}

/** Node keeps the first of several Host fields; together they are no host, and nobody takes the wrong one. HTTP/2 has its own. */
function hostOf({
  headers,
  headersDistinct,
}: NodeRequest & { headersDistinct?: NodeJS.Dict<string[]> }): string | undefined {
  return headersDistinct?.host?.join(', ') ?? headers.host ?? (headers as { ':authority'?: string })[':authority'];
}
