import { RequestSession } from '../session/request-session.ts';
import type { ServedRequest } from '../session/request-state.ts';
import { warnOnce } from '../warn.ts';
import { addressGroup, parsePeer } from './address.ts';
import { Client } from './client.ts';
import type { SessionRequest } from './contract.ts';
import { isWithin, NEARBY } from './networks.ts';
import type { CommonSettings } from './settings.ts';

/** A session that knows whose request it serves. It keeps the request, and asks it when somebody asks. */
export class ClientSession extends RequestSession {
  #request: SessionRequest | undefined;
  #settings: Pick<CommonSettings, 'proxy' | 'bind' | 'cookie'> | undefined;
  #client: Client | undefined;

  serves(request: SessionRequest, settings: Pick<CommonSettings, 'proxy' | 'bind' | 'cookie'>): void {
    this.#request = request;
    this.#settings = settings;
  }

  override get request(): ServedRequest | undefined {
    const client = this.#asked();
    if (client === undefined || this.#request === undefined || this.#settings === undefined) return undefined;
    const request = this.#request;
    const { method, cookie } = request;
    const { host } = client;
    const origin = host === undefined ? undefined : originOf(`${client.secure ? 'https' : 'http'}://${host}`);
    const header = (name: string) => request.header(name);
    return { method, cookie, origin, cookieName: this.#settings.cookie.name, header };
  }

  override get address(): string | undefined {
    return this.#asked()?.address;
  }

  override get plainHttp(): boolean {
    return this.#asked()?.secure === false;
  }

  override get place(): string | undefined {
    if (this.#settings?.bind !== 'ip') return undefined;
    this.#warnOfProxy(this.#settings.proxy.none);
    return addressGroup(this.address);
  }

  #asked(): Client | undefined {
    if (this.#client === undefined && this.#request !== undefined && this.#settings !== undefined) {
      this.#client = new Client(this.#request, this.#settings.proxy);
    }
    return this.#client;
  }

  /** Everybody behind a proxy that is not trusted has its address, and is bound to nothing by that. */
  #warnOfProxy(trustsNobody: boolean): void {
    const request = this.#request;
    if (!trustsNobody || request === undefined) return;
    const forwarded = request.header('x-forwarded-for') ?? request.header('forwarded');
    const peer = forwarded === undefined ? undefined : parsePeer(request.address);
    if (peer === undefined || !isWithin(peer, NEARBY)) return;
    warnOnce(
      'COATCHECK_BIND_BEHIND_PROXY',
      "bind: 'ip' sees one address for everybody: requests come from a proxy nearby, whose headers nobody trusts. Say how many proxies there are, as in trustProxy: 1. See docs/proxies.md.",
    );
  }
}

/** As browsers write it: without the port that goes without saying. */
function originOf(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).origin : undefined;
}
