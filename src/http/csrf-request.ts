import type { CsrfRequest } from '../csrf/csrf.ts';
import { bodyField } from './node-body.ts';
import { type NodeRequest, NodeSessionRequest } from './node-request.ts';

/** A Node request as the CSRF guard sees it. */
export class NodeCsrfRequest extends NodeSessionRequest implements CsrfRequest {
  readonly #request: NodeRequest;

  constructor(request: NodeRequest) {
    super(request);
    this.#request = request;
  }

  /** What method-override leaves behind. */
  get originalMethod(): string | undefined {
    const { originalMethod } = this.#request as { originalMethod?: unknown };
    return typeof originalMethod === 'string' ? originalMethod : undefined;
  }

  field(name: string): unknown {
    return bodyField(this.#request, name);
  }
}

/** The request's session, whatever it is called for; undefined lets the guard ask the ambient one. */
export function sessionOn(request: object): object | undefined {
  const { session } = request as { session?: unknown };
  return typeof session === 'object' && session !== null ? session : undefined;
}
