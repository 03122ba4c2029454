import type { Records } from '../interface/records.ts';
import { newId } from '../keys/ids.ts';

/**
 * One random value an owner, which whatever restores a login carries along: a new one, and all of them are worthless.
 * It is remembered as long as the longest of them may count.
 */
export class Epochs {
  readonly #records: Records<string>;
  /** ms */
  readonly #life: number;

  constructor(records: Records<string>, life: number) {
    this.#records = records;
    this.#life = life;
  }

  /** The owner's, made where there is none; it lives as long again. */
  async of(owner: string): Promise<string> {
    const drawn = newId();
    const epoch = await this.#records.update(owner, (current = drawn) => current, this.#options(owner));
    return epoch ?? drawn;
  }

  /** Whether a value that was carried along still counts. */
  async isCurrent(owner: string, epoch: string): Promise<boolean> {
    return (await this.#records.get(owner)) === epoch;
  }

  /** A new one, where there was one: without any, nothing that was carried along counts. */
  async replace(owner: string): Promise<string | undefined> {
    const drawn = newId();
    return this.#records.update(owner, (current) => current && drawn, this.#options(owner));
  }

  #options(owner: string): { expiresIn: { ms: number }; owner: string } {
    return { expiresIn: { ms: this.#life }, owner };
  }
}
