/** A random number generator that a failing test can be repeated with. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

type Random = () => number;
type Mutation = (name: string, ticket: string, random: Random) => string;

/** What a Cookie header can be made of that names a session and must not find it. */
const mutations: readonly Mutation[] = [
  // A bit of a character, or several.
  (name, ticket, random) => `${name}=${flipped(ticket, 1, random)}`,
  (name, ticket, random) => `${name}=${flipped(ticket, 1 + below(4, random), random)}`,
  // Another character of the alphabet: the right shape, and nobody's.
  (name, ticket, random) => `${name}=${replaced(ticket, below(ticket.length, random), pick(ALPHABET, random))}`,
  (name, ticket, random) => `${name}=${[...ticket].map(() => pick(ALPHABET, random)).join('')}`,
  // Cut, longer, in another order, in another case.
  (name, ticket, random) => `${name}=${ticket.slice(0, below(ticket.length, random))}; n=${below(1e9, random)}`,
  (name, ticket, random) => `${name}=${ticket}${pick(`${ALPHABET}=.%+/~`, random)}${pick(ALPHABET, random)}`,
  (name, ticket, random) => `n=${below(1e9, random)}; ${name}=${[...ticket].reverse().join('')}`,
  (name, ticket, random) => `${name}=${ticket.toUpperCase()}; n=${below(1e9, random)}`,
  // Encoded, quoted, with a prefix of another library.
  (name, ticket, random) => `${name}=${percent(ticket, below(ticket.length, random))}; n=${below(1e6, random)}`,
  (name, ticket, random) => `${name}="${ticket}"; n=${below(1e9, random)}`,
  (name, ticket, random) =>
    `${name}=${pick(['s%3A', 's:', 'j:', 'sess:', '.', '='], random)}${ticket}; n=${below(1e9, random)}`,
  // Doubled: the same twice, or one of two.
  (name, ticket, random) => `${name}=${ticket}; n=${below(1e9, random)}; ${name}=${ticket}`,
  (name, ticket, random) => `${name}=${flipped(ticket, 1, random)}; ${name}=${ticket}`,
  (name, ticket, random) => `${name}=${ticket}; n=${below(1e9, random)};${name}=`,
  // Names that look like ours.
  (name, ticket, random) => `${pick(lookAlikes(name), random)}=${ticket}; n=${below(1e9, random)}`,
  (name, ticket, random) => `${replaced(name, below(name.length, random), pick(ALPHABET, random))}x=${ticket}`,
  (_name, ticket, random) => `=${ticket}; n=${below(1e9, random)}`,
  (_name, ticket, random) => `${ticket}; n=${below(1e9, random)}`,
  // Bytes that no ticket has.
  (name, ticket, random) =>
    `${name}=${replaced(ticket, below(ticket.length, random), pick('\u0080\u00ff "\\,<>{}', random))}x`,
];

/** Few of these: each is 15 to 17 KB. */
const large: readonly Mutation[] = [
  (name, ticket, random) => `${name}=${ticket}${'A'.repeat(15_000 + below(300, random))}`,
  (name, ticket, random) => `${name}=${ticket}; pad=${'a'.repeat(16_400 + below(500, random))}`,
  (name, ticket, random) => `${'n=1; '.repeat(200 + below(300, random))}${name}=${ticket}`,
  (name, ticket, random) => `${`${name}=${ticket}; `.repeat(2 + below(200, random))}n=${below(1e9, random)}`,
];

/** So many different Cookie headers, none of which is `name=ticket`. The same ones for the same ticket. */
export function mutatedCookies(name: string, ticket: string, number: number): string[] {
  const random = mulberry32(20_260_101);
  const made = new Set<string>();
  for (let at = 0; made.size < number; at++) {
    const kinds = at % 25 === 0 ? large : mutations;
    const mutation = kinds[Math.floor(at / (kinds === large ? 25 : 1)) % kinds.length];
    const cookie = mutation?.(name, ticket, random) ?? '';
    if (!cookie.split(';').some((pair) => pair.trim() === `${name}=${ticket}`) || isRefused(cookie, name))
      made.add(cookie);
  }
  return [...made];
}

/** With our own pair in it: doubled, too many pairs, or too long, and so no session all the same. */
function isRefused(cookie: string, name: string): boolean {
  return cookie.split(`${name}=`).length > 2 || cookie.split(';').length > 200 || cookie.length > 16_384;
}

function lookAlikes(name: string): string[] {
  const bare = name.replace('__Host-', '');
  return [
    bare,
    name.toLowerCase(),
    name.toUpperCase(),
    `__Secure-${bare}`,
    `__Http-${bare}`,
    `_${name}`,
    name.slice(1),
    `${name}[]`,
    `${name}%00`,
    `${name}.0`,
    `"${name}"`,
    name.replace('-', '%2D'),
    name.replace('-', '_'),
    `${name} x`,
    `x ${name}`,
    `\u00a0${name}`,
    name.replace('o', '\u00f6'),
    `${name}\u00a0`,
  ];
}

/** Flips bits as long as the result can stand in a header, and is another text. */
function flipped(text: string, bits: number, random: Random): string {
  for (;;) {
    let result = text;
    for (let bit = 0; bit < bits; bit++) {
      const at = below(text.length, random);
      const code = result.charCodeAt(at) ^ (1 << below(8, random));
      result = replaced(result, at, String.fromCharCode(code));
    }
    if (result !== text && /^[\x21-\x3a\x3c-\x7e\x80-\xff]+$/.test(result)) return result;
  }
}

function replaced(text: string, at: number, by: string): string {
  return text.slice(0, at) + by + text.slice(at + 1);
}

function percent(text: string, at: number): string {
  return replaced(text, at, `%${text.charCodeAt(at).toString(16)}`);
}

function pick<T>(from: ArrayLike<T>, random: Random): T {
  return from[below(from.length, random)] as T;
}

function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}
