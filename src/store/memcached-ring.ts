import { createHash } from 'node:crypto';

/** Places of each server on the ring; as many as libketama gives to one. */
const PLACES = 160;
/** Places that one hash gives, of 32 bits each. */
const PER_HASH = 8;

/**
 * Which of several servers has a key, by consistent hashing: where one is added or taken away, only the keys of about
 * its share move. A server that does not answer keeps its keys: another one would answer for them with nothing, or with
 * what it had from an earlier time, and a session that was ended would live again.
 */
export class Ring {
  readonly #places: Uint32Array;
  readonly #owners: Uint16Array;

  /** @param names of the servers; their order does not matter */
  constructor(names: readonly string[]) {
    const places = names
      .flatMap((name, owner) => placesOf(name).map((place) => ({ place, owner, name })))
      .sort((a, b) => a.place - b.place || (a.name < b.name ? -1 : 1));
    this.#places = Uint32Array.from(places, ({ place }) => place);
    this.#owners = Uint16Array.from(places, ({ owner }) => owner);
  }

  /** The index of the server that has this key. A key ends with a hash in hex, so nothing is hashed again. */
  ownerOf(key: string): number {
    const point = Number.parseInt(key.slice(-8), 16);
    const places = this.#places;
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((places[middle] as number) < point) low = middle + 1;
      else high = middle;
    }
    return this.#owners[low === places.length ? 0 : low] as number;
  }
}

function placesOf(name: string): number[] {
  const places: number[] = [];
  for (let at = 0; at < PLACES / PER_HASH; at++) {
    const hash = createHash('sha256').update(`${name}-${at}`).digest();
    for (let i = 0; i < PER_HASH; i++) places.push(hash.readUInt32BE(i * 4));
  }
  return places;
}
