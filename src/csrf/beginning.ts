import { Buffer } from 'node:buffer';
import { BODY_READ, rawField } from './body-field.ts';
import type { FieldFound } from './field-found.ts';

/** The beginning of a body, as it comes in chunks, and what is found in it. */
export class Beginning {
  readonly #type: string | undefined;
  readonly #name: string;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  #lookAt = 1;

  constructor(contentType: string | undefined, name: string) {
    this.#type = contentType;
    this.#name = name;
  }

  /** Whether a body of this type can have such a field at all. */
  get promising(): boolean {
    return rawField(this.#type, new Uint8Array(), 'part', this.#name) === 'more';
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.byteLength;
  }

  /**
   * What is in it by now. Looks again only when there is twice as much: a body that comes byte by byte must not be
   * read from its start with each of them.
   *
   * @param whole nothing comes any more
   */
  find(whole: boolean): FieldFound {
    const extent = whole ? 'whole' : this.#length >= BODY_READ ? 'cut' : 'part';
    if (extent === 'part' && this.#length < this.#lookAt) return 'more';
    this.#lookAt = this.#length * 2;
    return rawField(this.#type, this.bytes, extent, this.#name);
  }
}
