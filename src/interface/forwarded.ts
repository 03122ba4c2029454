import { type Address, parseAddress } from './address.ts';

/**
 * What proxies write about the request they pass on: `X-Forwarded-For` and its kin, or `Forwarded` (RFC 7239). Each
 * proxy adds to the right, so lists are read from the right: what a visitor wrote stands on the left, and neither its
 * quotes nor its length can reach over what a trusted proxy added.
 */
export type ProxyHeader = 'x-forwarded' | 'forwarded';

/** One element of a list. */
interface Element {
  /** Undefined for anything but an address: `unknown`, a made-up name (`_secret`), nonsense. */
  readonly address: Address | undefined;
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

/** An address with an optional port, which may have a made-up name too (RFC 7239 6). */
const NODE = /^(?:\[([^\]]*:[^\]]*)\]|([\d.]+))(?::(\d{1,5}|_[\w.-]+))?$/;

/** `name=value` or `name="value"`. Addresses with colons belong in quotes, and are often written without. */
const PAIR = /^([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+))$/;

/** The header that says who sent the request. */
export const CLIENT_HEADER: Readonly<Record<ProxyHeader, string>> = {
  'x-forwarded': 'x-forwarded-for',
  forwarded: 'forwarded',
};

/** The addresses of such a header from the right, one at a time: what nobody gets to costs nothing. */
export function* addressesFromRight(header: ProxyHeader, text: string): Generator<Address | undefined> {
  for (const element of fromRight(text, ',')) {
    yield header === 'forwarded' ? readElement(element)?.address : parseNode(unquoted(element));
  }
}

/** What the nearest proxy says of protocol or host; undefined where it says nothing that can be read. */
export function nearest(
  header: ProxyHeader,
  field: 'proto' | 'host',
  read: (name: string) => string | undefined,
): string | undefined {
  const text = read(header === 'forwarded' ? 'forwarded' : `x-forwarded-${field}`);
  const element = text === undefined ? undefined : fromRight(text, ',').next().value;
  if (element === undefined) return undefined;
  return header === 'forwarded' ? readElement(element)?.[field] : element;
}

/** Whether a header of the family says anything about who sent the request. */
export function namesClient(header: ProxyHeader, text: string): boolean {
  return header === 'x-forwarded' || /(?:^|[\s,;])for=/i.test(text);
}

/** The parts of a list from the right, without the space around them. A separator in quotes separates nothing. */
function* fromRight(text: string, separator: string): Generator<string, undefined> {
  let end = text.length;
  let quoted = false;
  for (let at = end - 1; at >= 0; at--) {
    const character = text[at];
    if (character === '"' && !isEscaped(text, at)) quoted = !quoted;
    else if (character === separator && !quoted) {
      yield text.slice(at + 1, end).trim();
      end = at;
    }
  }
  yield text.slice(0, end).trim();
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === '\\') before--;
  return (at - before) % 2 === 1;
}

/** An element of `Forwarded`; undefined for what breaks the grammar, or says something twice. */
function readElement(element: string): Element | undefined {
  const said = new Map<string, string>();
  for (const pair of fromRight(element, ';')) {
    if (pair === '') continue;
    const [, name, quoted, plain] = PAIR.exec(pair) ?? [];
    if (name === undefined || said.has(name.toLowerCase())) return undefined;
    said.set(name.toLowerCase(), plain ?? quoted?.replace(/\\(.)/g, '$1') ?? '');
  }
  return { address: parseNode(said.get('for') ?? ''), proto: said.get('proto'), host: said.get('host') };
}

/** Some write the quotes of `Forwarded` into the other header too. */
function unquoted(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

/** An address as proxies write it: with a port or without, IPv6 in brackets or without. */
function parseNode(text: string): Address | undefined {
  const bare = parseAddress(text);
  if (bare !== undefined) return bare;
  const [, bracketed, plain, port] = NODE.exec(text) ?? [];
  if (port !== undefined && Number(port) > 65_535) return undefined;
  return parseAddress(bracketed ?? plain ?? '');
}
