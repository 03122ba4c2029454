import { CoatcheckError } from '../errors.ts';
import type { Address } from './address.ts';
import type { ProxyHeader } from './forwarded.ts';
import { isWithin, type Network, readNetworks } from './networks.ts';

/** Which proxies are believed, and by which headers. */
export interface ProxyOptions {
  /**
   * The proxies in front of this server, whose word on the visitor's address, protocol and host is taken: how many
   * there are, or their addresses and networks (`'10.0.0.0/8'`, also `'loopback'`, `'linklocal'`, `'uniquelocal'`).
   * Default: none, and what such headers say is ignored. `true` is refused: any visitor can write them.
   */
  trustProxy?: number | string | readonly string[];
  /** Which headers they write. The other ones are never believed. Default `'x-forwarded'`. */
  proxyHeader?: ProxyHeader;
  /** Where visitors reach this application, such as `'https://app.example'`. Then protocol and host need no header. */
  publicOrigin?: string;
}

/** The same, read. */
export interface ProxyRules {
  /** Whether what stands behind this hop, counted from 0 at the socket, is believed. */
  readonly trusts: (address: Address | undefined, hop: number) => boolean;
  /** Nothing is trusted: no header need be looked at. */
  readonly none: boolean;
  readonly header: ProxyHeader;
  readonly origin: { readonly secure: boolean; readonly host: string } | undefined;
}

/** Nobody has as many proxies; beyond it the list is a visitor's. */
const MOST_HOPS = 64;

/** @throws CoatcheckError `OPTION_INVALID` */
export function readProxyRules({ trustProxy, proxyHeader = 'x-forwarded', publicOrigin }: ProxyOptions): ProxyRules {
  if (proxyHeader !== 'x-forwarded' && proxyHeader !== 'forwarded') {
    throw invalid("proxyHeader must be 'x-forwarded' or 'forwarded', whichever your proxies write");
  }
  const trusts = readTrust(trustProxy);
  return {
    trusts: (address, hop) => hop < MOST_HOPS && trusts !== undefined && trusts(address, hop),
    none: trusts === undefined,
    header: proxyHeader,
    origin: publicOrigin === undefined ? undefined : readOrigin(publicOrigin),
  };
}

function readTrust(option: unknown): ProxyRules['trusts'] | undefined {
  if (option === undefined || option === 0) return undefined;
  if (typeof option === 'number') {
    if (!Number.isInteger(option) || option < 0 || option > MOST_HOPS) throw invalid(HOW_TO_TRUST);
    return (_address, hop) => hop < option;
  }
  const networks = readList(option);
  return networks.length === 0 ? undefined : (address) => address !== undefined && isWithin(address, networks);
}

const HOW_TO_TRUST = `trustProxy takes the number of proxies in front of this server, 0 to ${MOST_HOPS}, or their addresses and networks: 1, '10.0.0.0/8', ['loopback', '192.0.2.7']`;

function readList(option: unknown): Network[] {
  if (typeof option === 'boolean') {
    throw invalid(
      option
        ? `trustProxy: true would believe whatever a visitor writes. ${HOW_TO_TRUST}`
        : 'To trust no proxy leave trustProxy out',
    );
  }
  const texts: unknown[] = typeof option === 'string' ? option.split(',') : Array.isArray(option) ? option : [option];
  return texts.flatMap((text) => {
    const networks = typeof text === 'string' ? readNetworks(text.trim()) : undefined;
    if (networks === undefined) throw invalid(HOW_TO_TRUST);
    if (networks.some(({ bits }) => bits === 0)) {
      throw invalid(`trustProxy: '${text}' is everybody, who may write what they like. ${HOW_TO_TRUST}`);
    }
    return networks;
  });
}

function readOrigin(text: unknown): NonNullable<ProxyRules['origin']> {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.origin !== text) {
    throw invalid("publicOrigin must be an origin without a path, such as 'https://app.example'");
  }
  return { secure: url.protocol === 'https:', host: url.host };
}

function invalid(problem: string): CoatcheckError {
  return new CoatcheckError('OPTION_INVALID', `${problem}.`);
}
