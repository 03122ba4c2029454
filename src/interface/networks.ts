import { type Address, parseAddress } from './address.ts';

/** An address and how many of its leading bits count. */
export interface Network {
  readonly address: Address;
  readonly bits: number;
}

/** What Express has words for. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** An address, a network in CIDR notation, or `loopback`, `linklocal`, `uniquelocal`; undefined for anything else. */
export function readNetworks(text: string): Network[] | undefined {
  if (Object.hasOwn(WORDS, text)) return WORDS[text]?.flatMap((cidr) => readNetworks(cidr) ?? []);
  const network = readCidr(text);
  return network === undefined ? undefined : [network];
}

function readCidr(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const written = slash < 0 ? text : text.slice(0, slash);
  const address = parseAddress(written);
  if (address === undefined) return undefined;
  const full = address.length * 8;
  if (slash < 0) return { address, bits: full };
  const length = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length)) return undefined;
  // The prefix of an IPv4 network that is written as IPv6 counts the 96 bits before it.
  const bits = Number(length) - (full === 32 && written.includes(':') ? 96 : 0);
  return bits >= 0 && bits <= full ? { address, bits } : undefined;
}

/** Whether an address is in one of the networks. */
export function isWithin(address: Address, networks: readonly Network[]): boolean {
  return networks.some((network) => contains(network, address));
}

function contains({ address: base, bits }: Network, address: Address): boolean {
  if (base.length !== address.length) return false;
  for (let at = 0, left = bits; left > 0; at++, left -= 8) {
    const unused = left < 8 ? 8 - left : 0;
    if ((base[at] ?? 0) >> unused !== (address[at] ?? 0) >> unused) return false;
  }
  return true;
}

/** Where proxies of one's own usually are. */
export const NEARBY: readonly Network[] = ['loopback', 'linklocal', 'uniquelocal'].flatMap(
  (word) => readNetworks(word) ?? [],
);
