import { readOrigin, readOrigins } from '../csrf/origins.ts';
import type { SessionRequest } from '../interface/contract.ts';

/** Which pages may open a socket. */
export class SocketOrigins {
  readonly #own: string | undefined;
  readonly #listed: ReadonlySet<string>;

  /** @throws CoatcheckError `OPTION_INVALID` */
  constructor({ publicOrigin, allowedOrigins = [] }: { publicOrigin?: string; allowedOrigins?: readonly string[] }) {
    this.#own = publicOrigin === undefined ? undefined : readOrigin('publicOrigin', publicOrigin);
    this.#listed = readOrigins('allowedOrigins', allowedOrigins);
  }

  /**
   * Browsers say which page opens a socket. Who says nothing is no browser, and may not show cookies either.
   *
   * @param own the origin by which the visitor came, where none was given
   */
  allow(request: SessionRequest, own: string | undefined): boolean {
    const origin = request.header('origin');
    if (origin === undefined) return request.cookie === undefined;
    return origin === (this.#own ?? own) || this.#listed.has(origin);
  }
}
