import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Ring } from '../../src/store/memcached-ring.ts';

const KEYS = Array.from({ length: 10_000 }, (_, at) => createHash('sha256').update(`${at}`).digest('hex'));
const FOUR = ['a:11211', 'b:11211', 'c:11211', 'd:11211'];

function owners(names: readonly string[]): string[] {
  const ring = new Ring(names);
  return KEYS.map((key) => names[ring.ownerOf(key)] ?? '');
}

test('each server gets about its share of the keys', () => {
  const shares = FOUR.map((name) => owners(FOUR).filter((owner) => owner === name).length / KEYS.length);
  for (const share of shares) expect(Math.abs(share - 1 / 4)).toBeLessThan(0.06);
});

test('the order in which servers are named does not matter', () => {
  expect(owners([...FOUR].reverse())).toEqual(owners(FOUR));
});

test('where a server is taken away, only its keys move', () => {
  const [before, after] = [owners(FOUR), owners(FOUR.slice(1))];
  for (const [at, owner] of before.entries()) if (owner !== FOUR[0]) expect(after[at]).toBe(owner);
  expect(new Set(after)).toEqual(new Set(FOUR.slice(1)));
});

test('a key of a name space stands where its hash says, and the first and the last point have an owner', () => {
  const ring = new Ring(FOUR);
  for (const key of KEYS.slice(0, 100)) expect(ring.ownerOf(`tries:${key}`)).toBe(ring.ownerOf(key));
  for (const end of ['0', 'f']) expect(FOUR[ring.ownerOf(end.repeat(64))]).toBeDefined();
});
