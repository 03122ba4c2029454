import { Buffer } from 'node:buffer';

/** No line that is not a value's comes near; `stats` has the longest. */
const MAX_LINE = 8192;
const NEWLINE = 10;
const RETURN = 13;

/** Thrown for bytes that are no answer of memcached. */
export class Garbage extends Error {}

/** Hears one answer: its line, and the value behind it where it has one. Gives back false to hear no more. */
export type Hear = (line: string, value: Buffer | undefined) => boolean;

/** Cuts the bytes of a connection into answers. */
export class AnswerReader {
  readonly #hear: Hear;
  /** The beginning of an answer whose rest is still to come, and how long it has to be to look again. */
  #parts: Buffer[] = [];
  #have = 0;
  #wanted = 0;
  /** The largest value that this server can hold. */
  limit = 0;

  constructor(hear: Hear) {
    this.#hear = hear;
  }

  /** @throws Garbage */
  push(chunk: Buffer): void {
    let data = chunk;
    if (this.#have > 0) {
      this.#parts.push(chunk);
      this.#have += chunk.length;
      if (this.#have < this.#wanted) return;
      data = Buffer.concat(this.#parts, this.#have);
      this.#parts = [];
      this.#have = 0;
    }
    let at = 0;
    while (at < data.length) {
      const next = this.#answer(data, at);
      if (next === undefined) return;
      at = next;
    }
  }

  /** Where the next answer begins; undefined where there is nothing more to hear now. */
  #answer(data: Buffer, at: number): number | undefined {
    let end = at;
    while (end < data.length && data[end] !== NEWLINE) end++;
    if (end - at > MAX_LINE) throw new Garbage();
    if (end === data.length) return this.#keep(data, at, data.length + 1);
    if (data[end - 1] !== RETURN || end === at) throw new Garbage();
    const line = data.toString('latin1', at, end - 1);
    if (!line.startsWith('VA ')) return this.#hear(line, undefined) ? end + 1 : undefined;
    const from = end + 1;
    const to = from + this.#sizeIn(line);
    if (to + 2 > data.length) return this.#keep(data, at, to + 2);
    if (data[to] !== RETURN || data[to + 1] !== NEWLINE) throw new Garbage();
    return this.#hear(line, data.subarray(from, to)) ? to + 2 : undefined;
  }

  #sizeIn(line: string): number {
    const size = Number.parseInt(line.slice(3), 10);
    if (size >= 0 && size <= this.limit) return size;
    throw new Garbage();
  }

  #keep(data: Buffer, at: number, end: number): undefined {
    this.#parts = [data.subarray(at)];
    this.#have = data.length - at;
    this.#wanted = end - at;
  }
}
