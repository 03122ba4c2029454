export interface User {
  readonly id: string;
  readonly name: string;
}

/** The users of one application. Hashes of passwords would change no row of the page. */
export class Users {
  readonly #passwords = new Map([
    ['ann', 'correct horse'],
    ['mallory', 'battery staple'],
  ]);

  find(name: string): User | undefined {
    return this.#passwords.has(name) ? { id: name, name } : undefined;
  }

  verify(name: unknown, password: unknown): User | undefined {
    const known = typeof name === 'string' && typeof password === 'string' && this.#passwords.get(name) === password;
    return known ? this.find(name) : undefined;
  }

  change(name: string, password: string): void {
    if (this.#passwords.has(name)) this.#passwords.set(name, password);
  }
}

/** What each of them types. */
export const PASSWORDS: Readonly<Record<string, string>> = { ann: 'correct horse', mallory: 'battery staple' };
