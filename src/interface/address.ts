/**
 * IP addresses as texts that can be compared. A parser of our own, because every runtime has another one or none, and
 * because most are generous: `010.0.0.1` is 8.0.0.1 to some and 10.0.0.1 to others, so it is no address here.
 */

/** 4 or 16 bytes. */
export type Address = readonly number[];

const DECIMAL = /^(?:0|[1-9]\d{0,2})$/;
const HEXADECIMAL = /^[0-9a-f]{1,4}$/i;
/** Which network card it came through: Node says so of link-local peers. */
const ZONE = /%[\w.~-]+$/;
/** The longest spelling: eight groups, the last two in decimal. */
const LONGEST = 45;
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

/** Reads one address without port, brackets or zone. An IPv4 address that is written as IPv6 is IPv4 (R78). */
export function parseAddress(text: string): Address | undefined {
  if (text.length > LONGEST) return undefined;
  if (!text.includes(':')) return parseV4(text);
  const bytes = parseV6(text);
  return bytes !== undefined && MAPPED.every((byte, at) => bytes[at] === byte) ? bytes.slice(12) : bytes;
}

/** The same for an address as sockets tell it, with the zone that it may have. */
export function parsePeer(text: string | undefined): Address | undefined {
  return text === undefined ? undefined : parseAddress(text.replace(ZONE, ''));
}

/** The one spelling of an address (RFC 5952): lower case, zeros compressed, no zone. Undefined for what is none. */
export function normalAddress(text: string | undefined): string | undefined {
  const address = parsePeer(text);
  return address === undefined ? undefined : addressText(address);
}

/** The one spelling of what was parsed. */
export function addressText(address: Address): string {
  return address.length === 4 ? address.join('.') : textV6(address);
}

/**
 * What counts as one place: an IPv4 address, or the /64 network of an IPv6 address, within which a visitor's own
 * device changes its address every day (R78). A group is its own group. Undefined for what is no address.
 */
export function addressGroup(text: string | undefined): string | undefined {
  const address = parsePeer(text?.replace(/::\/64$/, '::'));
  if (address === undefined || address.length === 4) return address?.join('.');
  return `${textV6([...address.slice(0, 8), 0, 0, 0, 0, 0, 0, 0, 0])}/64`;
}

function parseV4(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => DECIMAL.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte < 256) ? bytes : undefined;
}

function parseV6(text: string): number[] | undefined {
  const halves = text.split('::');
  const [head, tail] = [bytesOf(halves[0]), bytesOf(halves[1])];
  if (halves.length > 2 || head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1) return missing === 0 ? head : undefined;
  // An IPv4 address stands at the very end or nowhere.
  if (missing < 2 || halves[0]?.includes('.')) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** The bytes of groups between colons; the last may be an IPv4 address. */
function bytesOf(half: string | undefined): number[] | undefined {
  if (half === undefined || half === '') return [];
  const groups = half.split(':');
  const last = groups.at(-1)?.includes('.') ? parseV4(groups.pop() as string) : [];
  if (last === undefined || !groups.every((group) => HEXADECIMAL.test(group))) return undefined;
  return [...groups.map((group) => Number.parseInt(group, 16)).flatMap((word) => [word >> 8, word & 255]), ...last];
}

function textV6(bytes: Address): string {
  const words = Array.from({ length: 8 }, (_, at) => ((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0));
  const [start, length] = longestZeros(words);
  const text = (part: readonly number[]): string => part.map((word) => word.toString(16)).join(':');
  return length < 2 ? text(words) : `${text(words.slice(0, start))}::${text(words.slice(start + length))}`;
}

/** The first of the longest runs of zeros. */
function longestZeros(words: readonly number[]): readonly [start: number, length: number] {
  let best: readonly [number, number] = [0, 0];
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (words[end] === 0) end++;
    if (end - start > best[1]) best = [start, end - start];
  }
  return best;
}
