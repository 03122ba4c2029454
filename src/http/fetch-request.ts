import type { SessionRequest } from '../interface/contract.ts';

/** A Fetch `Request` as the interface sees it. Nothing is computed before somebody asks. */
export class FetchSessionRequest implements SessionRequest {
  readonly #request: Request;
  readonly #address: (() => string | undefined) | undefined;

  constructor(request: Request, address: (() => string | undefined) | undefined) {
    this.#request = request;
    this.#address = address;
  }

  get method(): string {
    return this.#request.method;
  }

  get path(): string {
    const { url } = this.#request;
    const start = url.indexOf('/', url.indexOf('://') + 3);
    if (start < 0) return '/';
    const end = url.slice(start).search(/[?#]/);
    return end < 0 ? url.slice(start) : url.slice(start, start + end);
  }

  get cookie(): string | undefined {
    return this.#request.headers.get('cookie') ?? undefined;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers.get(name) ?? undefined;
    // Not every runtime keeps the field; all make the URL from it.
    return value === undefined && name === 'host' ? new URL(this.#request.url).host : value;
  }

  get address(): string | undefined {
    return this.#address?.();
  }

  get secure(): boolean {
    return this.#request.url.startsWith('https:');
  }
}
