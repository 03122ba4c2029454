import { randomUUID } from 'node:crypto';
import type { Records, Sessions } from 'coatcheck';

/** A user, as the rest of the application knows them. */
export interface User {
  /** Lasts as long as the account, and is nobody else's afterwards. */
  readonly id: string;
  readonly name: string;
  readonly isActive: boolean;
  /** Counts the passwords they have had. */
  readonly version: number;
  readonly since: Date;
  readonly hash: string;
}

interface Kept extends Omit<User, 'id' | 'isActive' | 'since'> {
  /** Random, so that a name which is taken again is another user. */
  readonly key: string;
  readonly active: boolean;
  /** ms since 1970 */
  readonly since: number;
}

/** An account that nobody has logged in to for so long ends, and its book with it. */
export const KEPT_FOR = '400d';

/**
 * The table of users, as records on the store of the sessions: there it survives a restart, and processes share it. A
 * record is named by the user's name, so that of two who want it at the same moment one gets it.
 */
export class Users {
  readonly #records: Records<Kept>;
  readonly #now: () => Date;

  constructor(sessions: Pick<Sessions, 'records'>, now: () => Date) {
    this.#records = sessions.records<Kept>('users');
    this.#now = now;
  }

  /** Undefined where the name is taken. */
  async add(name: string, hash: string): Promise<User | undefined> {
    const kept: Kept = { key: randomUUID(), name, hash, active: true, version: 1, since: this.#now().getTime() };
    return (await this.#records.create(name, kept, life(kept))) ? userOf(kept) : undefined;
  }

  async named(name: string): Promise<User | undefined> {
    const kept = await this.#records.get(name);
    return kept && userOf(kept);
  }

  async byId(id: string): Promise<User | undefined> {
    const user = await this.named(id.slice(id.indexOf(':') + 1));
    return user?.id === id ? user : undefined;
  }

  /** Their time begins anew. */
  async loggedIn(user: User): Promise<void> {
    await this.#change(user, (kept) => kept);
  }

  /** Undefined where the account is gone, or has another password since `user` was read. */
  changePassword(user: User, hash: string): Promise<User | undefined> {
    return this.#change(user, (kept) =>
      kept.version === user.version ? { ...kept, hash, version: kept.version + 1 } : undefined,
    );
  }

  setActive(user: User, active: boolean): Promise<User | undefined> {
    return this.#change(user, (kept) => ({ ...kept, active }));
  }

  async #change(user: User, change: (kept: Kept) => Kept | undefined): Promise<User | undefined> {
    let changed: Kept | undefined;
    await this.#records.update(
      user.name,
      (kept) => {
        changed = kept !== undefined && idOf(kept) === user.id ? change(kept) : undefined;
        return changed ?? kept;
      },
      life(user),
    );
    return changed && userOf(changed);
  }
}

/** Who owns the record: `forgetOwner` deletes it with everything else of the user's. */
function life(user: User | Kept) {
  return { expiresIn: KEPT_FOR, owner: 'id' in user ? user.id : idOf(user) };
}

/** It has the name in it, so that one read finds who somebody is. */
function idOf({ key, name }: Kept): string {
  return `${key}:${name}`;
}

function userOf(kept: Kept): User {
  const { name, hash, version } = kept;
  return { id: idOf(kept), name, hash, version, isActive: kept.active, since: new Date(kept.since) };
}
