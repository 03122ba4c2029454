import { describe, expect, it } from 'vitest';
import { readCookie } from '../../src/cookie/parse.ts';
import { plainTickets, signedTickets, type Tickets } from '../../src/cookie/ticket.ts';
import { newId } from '../../src/keys/ids.ts';
import { open, seal } from '../../src/keys/seal.ts';
import { OLD, ringOf, seeded } from '../keys/helpers.ts';

const NAME = '__Host-session';
const next = seeded(2026);
const below = (limit: number): number => Math.floor(next() * limit);
const byte = (): string => String.fromCharCode(below(256));

type Mutation = (name: string, value: string) => string;

/** Ways to break a Cookie header with one good cookie. */
const MUTATIONS: readonly Mutation[] = [
  // The flip of one bit, in the value and in the name.
  (name, value) => `${name}=${flip(value)}`,
  (name, value) => `${flip(name)}=${value}`,
  // Something put in, cut out, put in front or behind.
  (name, value) => `${name}=${insert(value, byte())}`,
  (name, value) => `${name}=${cut(value)}`,
  (name, value) => `${name}=${value}${byte()}`,
  // Doubles, in both orders and with garbage.
  (name, value) => `${name}=${value}; ${name}=${value}`,
  (name, value) => `${name}=${flip(value)};${name}=${value}`,
  (name, value) => `${name}=${value}; a=${byte()}; ${name}=`,
  // Look-alike names.
  (name, value) => `\u00A0${name}=${value}`,
  (name, value) => `${name.toLowerCase()}=${value}`,
  (name, value) => `${name.toUpperCase()}=${value}`,
  (_name, value) => `__%48ost-session=${value}`,
  (name, value) => `=${name}=${value}`,
  (name, value) => `${value}=${name}`,
  // Quotes, encodings, JSON, several kilobytes of noise.
  (name, value) => `${name}="${value}"`,
  (name, value) => `${name}=${value.replace(/./, (c) => `%${c.charCodeAt(0).toString(16)}`)}`,
  (name, value) => `${name}=j:{"id":"${value}"}`,
  (name, value) =>
    `${name}=${value.slice(0, below(value.length))}${Array.from({ length: below(16_500) }, byte).join('')}`,
  (name, value) => `a=${'x'.repeat(16_400)}; ${name}=${value}`,
  (name, value) => `${'a=;'.repeat(201)}${name}=${value}`,
];

function flip(text: string): string {
  const at = below(text.length);
  const code = text.charCodeAt(at) ^ (1 << below(8));
  return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
}

function insert(text: string, what: string): string {
  const at = below(text.length);
  return text.slice(0, at) + what + text.slice(at);
}

function cut(text: string): string {
  const at = below(text.length);
  return text.slice(0, at) + text.slice(at + 1 + below(3));
}

const session = ringOf(OLD);
const readers: [string, () => string, (value: string) => unknown][] = [
  ['plain tickets', newId, reader(plainTickets())],
  ['signed tickets', () => tickets.write(newId()), reader(signedTickets(ringOf(OLD, 'ticket')))],
  ['sealed cookies', () => seal(session, '{"user":"ann"}'), (value) => open(session, value)?.text],
];
const tickets = signedTickets(ringOf(OLD, 'ticket'));

function reader(of: Tickets): (value: string) => unknown {
  return (value) => of.read(value)?.id;
}

// R49, R46, R47, R48
describe('10,000 mutated cookies', { timeout: 60_000 }, () => {
  it.each(readers)('of %s throw nothing, and give either no session or exactly the good value', (kind, make, read) => {
    const outcomes: Record<string, number> = { none: 0, one: 0, many: 0, oversized: 0 };
    let opened = 0;
    for (let n = 0; n < 10_000; n += 1) {
      const good = make();
      const mutate = MUTATIONS[n % MUTATIONS.length];
      const header = mutate?.(NAME, good) ?? '';
      const reading = readCookie(header, NAME);
      outcomes[reading.kind] = (outcomes[reading.kind] ?? 0) + 1;
      if (reading.kind !== 'one') continue;
      const result = read(reading.value);
      if (result === undefined) continue;
      // A space behind the value is no change; and a bare id has no MAC, so another well-formed one is simply unknown.
      if (reading.value !== good) expect(kind).toBe('plain tickets');
      opened += 1;
    }
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(400);
    if (kind !== 'plain tickets') expect(opened).toBeLessThan(60);
  });
});
