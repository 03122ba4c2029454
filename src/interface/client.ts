import { addressText, normalAddress, parsePeer } from './address.ts';
import type { SessionRequest } from './contract.ts';
import { addressesFromRight, CLIENT_HEADER, namesClient, nearest, type ProxyHeader } from './forwarded.ts';
import type { ProxyRules } from './proxy.ts';

/** A name or address, and a port; nothing of a path, a user or another header (R77). */
const HOST = /^(?:[a-z\d](?:[\w.-]{0,252}[a-z\d])?\.?|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * Who sent a request, as far as the trusted proxies in front of this server can be believed (R73-R78): with none, what
 * the connection itself says. Each answer is computed when it is asked for.
 */
export class Client {
  readonly #request: SessionRequest;
  readonly #rules: ProxyRules;
  #believed: boolean | undefined;

  constructor(request: SessionRequest, rules: ProxyRules) {
    this.#request = request;
    this.#rules = rules;
  }

  /**
   * The visitor's address in its one spelling: the rightmost one that is no trusted proxy's. Where the list ends
   * before, or in something that is no address, it is the last one that was read. Undefined where nobody tells.
   */
  get address(): string | undefined {
    const { header } = this.#rules;
    return this.#believes() ? this.#walk(header) : normalAddress(this.#request.address);
  }

  /** Whether the visitor came by https. */
  get secure(): boolean {
    const { origin } = this.#rules;
    if (origin !== undefined) return origin.secure;
    switch (this.#said('proto')?.toLowerCase()) {
      case 'https':
      case 'wss':
        return true;
      case 'http':
      case 'ws':
        return false;
      default:
        return this.#request.secure;
    }
  }

  /** The host that the visitor asked for, in lower case; undefined for what is none. Not yet one that you know. */
  get host(): string | undefined {
    const { origin } = this.#rules;
    if (origin !== undefined) return origin.host;
    // A whole URL as the target outranks the header (RFC 9112 3.2.2); no browser sends one to a server.
    if (!this.#request.path.startsWith('/')) return undefined;
    const host = this.#said('host') ?? this.#request.header('host') ?? '';
    return HOST.test(host) ? host.toLowerCase() : undefined;
  }

  #said(field: 'proto' | 'host'): string | undefined {
    return this.#believes() ? nearest(this.#rules.header, field, (name) => this.#request.header(name)) : undefined;
  }

  /** The peer is trusted, and nothing contradicts what it says (R76). */
  #believes(): boolean {
    this.#believed ??=
      !this.#rules.none && this.#rules.trusts(parsePeer(this.#request.address), 0) && !this.#contradicted();
    return this.#believed;
  }

  /** The other family of headers names another client: who wrote which is not to be told apart. */
  #contradicted(): boolean {
    const { header } = this.#rules;
    const other = header === 'forwarded' ? 'x-forwarded' : 'forwarded';
    const text = this.#request.header(CLIENT_HEADER[other]);
    return text !== undefined && namesClient(other, text) && this.#walk(other) !== this.#walk(header);
  }

  /** From the socket to the left, as long as there is a trusted proxy to believe. */
  #walk(header: ProxyHeader): string | undefined {
    let found = parsePeer(this.#request.address);
    const text = this.#request.header(CLIENT_HEADER[header]);
    const addresses = text === undefined ? undefined : addressesFromRight(header, text);
    for (let hop = 0; this.#rules.trusts(found, hop); hop++) {
      const address = addresses?.next().value;
      if (address === undefined) break;
      found = address;
    }
    return found === undefined ? undefined : addressText(found);
  }
}
