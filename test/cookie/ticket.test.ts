import { describe, expect, it } from 'vitest';
import { plainTickets, signedTickets } from '../../src/cookie/ticket.ts';
import { keyOf, newId } from '../../src/keys/ids.ts';
import { NEW, OLD, ringOf, thrown } from '../keys/helpers.ts';

const id = newId();
const ring = ringOf(OLD, 'ticket');
const END = new Date('2027-01-31T00:00:00Z');
const at = (now: number): { now(): number } => ({ now: () => now });

describe('plain tickets', () => {
  it('are the bare id, both ways', () => {
    expect(plainTickets().write(id)).toBe(id);
    expect(plainTickets().read(id)).toEqual({ id, reissue: false });
  });

  // R6: what is undefined here never reaches a store.
  it('of any other shape are no tickets', () => {
    for (const value of ['', id.slice(1), `${id}A`, `"${id}"`, ` ${id}`, signedTickets(ring).write(id), '__proto__']) {
      expect(plainTickets().read(value)).toBeUndefined();
    }
  });

  // R4
  it('are not what a store knows', () => {
    expect(plainTickets().read(keyOf(id))).toBeUndefined();
  });
});

describe('signed tickets', () => {
  it('give the id back', () => {
    const tickets = signedTickets(ring);
    expect(tickets.read(tickets.write(id))).toEqual({ id, reissue: false });
  });

  // R13
  it('of an old secret are read and asked to be written anew, until that secret goes', () => {
    const value = signedTickets(ring).write(id);
    expect(signedTickets(ringOf([NEW, OLD], 'ticket')).read(value)).toEqual({ id, reissue: true });
    expect(signedTickets(ringOf([NEW], 'ticket')).read(value)).toBeUndefined();
  });

  // R14
  it('refuse a bare id unless told until when they take one', () => {
    expect(signedTickets(ring).read(id)).toBeUndefined();
    const before = signedTickets(ring, { acceptPlainUntil: END, clock: at(END.getTime() - 1) });
    const after = signedTickets(ring, { acceptPlainUntil: END, clock: at(END.getTime()) });
    expect(before.read(id)).toEqual({ id, reissue: true });
    expect(before.read(`${id}A`)).toBeUndefined();
    expect(after.read(id)).toBeUndefined();
    expect(after.read(after.write(id))).toEqual({ id, reissue: false });
  });

  // R14
  it('refuse an end that is no date', () => {
    for (const end of ['2027-01-31', 1_800_000_000_000, new Date(NaN), true, null]) {
      const { code } = thrown(() => signedTickets(ring, { acceptPlainUntil: end as Date }));
      expect(code).toBe('OPTION_INVALID');
    }
  });
});
