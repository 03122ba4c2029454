import type { LoginUser } from 'coatcheck/login';

/** A user of the application. */
export interface Person extends LoginUser {
  readonly id: string;
  readonly name: string;
  readonly isActive: boolean;
  /** How often the password was changed. */
  readonly version: number;
}

/** The users, in the memory of this process. Those of a real application are in a database, with hashes. */
export class People {
  readonly #people = new Map<string, Person & { readonly password: string }>();

  constructor() {
    for (const [at, name] of ['alice', 'bob', 'carol'].entries()) {
      const id = `${at + 1}`;
      this.#people.set(id, { id, name, isActive: name !== 'carol', version: 0, password: `${name}-pass` });
    }
  }

  find(id: string): Person | undefined {
    return this.#people.get(id);
  }

  /** Whoever has this name and password, active or not. */
  verify(name: string, password: string): Person | undefined {
    const known = [...this.#people.values()].find((person) => person.name === name);
    return known?.password === password ? known : undefined;
  }

  /** The user as they are afterwards. */
  changePassword({ id }: Person, password: string): Person {
    const known = this.#people.get(id);
    if (known === undefined) throw new Error('There is no such user.');
    const changed = { ...known, password, version: known.version + 1 };
    this.#people.set(id, changed);
    return changed;
  }
}
