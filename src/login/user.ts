import { CoatcheckError } from '../errors.ts';

/** Text or a number that names a user for good; it becomes text. */
export type UserId = string | number | bigint;

/**
 * What a user must have to be logged in: a name that lasts, by `getId()` or `id`. Any object of your database will do.
 * `getId` wins where both are there, so that an alternative id can end all logins by being changed (Flask-Login's
 * alternative tokens).
 */
export interface LoginUser {
  readonly id?: UserId;
  getId?(): UserId;
  /** False: `loginUser` refuses, and who is logged in already counts as nobody. Default true. */
  readonly isActive?: boolean;
}

/**
 * For classes of yours that want Flask-Login's members; a plain object needs none of it.
 *
 * @example
 * class User extends UserMixin {
 *   constructor(readonly id: string, readonly name: string) { super(); }
 * }
 */
export abstract class UserMixin implements LoginUser {
  abstract readonly id: UserId;

  get isActive(): boolean {
    return true;
  }

  /** As Flask-Login has it: whoever is active. */
  get isAuthenticated(): boolean {
    return this.isActive;
  }

  get isAnonymous(): boolean {
    return false;
  }

  getId(): string {
    return String(this.id);
  }

  /** Whether the other is the same user: of a class like this one, with the same `getId()`. */
  equals(other: unknown): boolean {
    return other instanceof UserMixin && other.getId() === this.getId();
  }
}

/** Nobody, as an object: what `currentUser` is for visitors who are not logged in. */
export class AnonymousUser {
  get isActive(): boolean {
    return false;
  }

  get isAuthenticated(): boolean {
    return false;
  }

  get isAnonymous(): boolean {
    return true;
  }

  getId(): undefined {
    return undefined;
  }
}

/**
 * The user's name as text.
 *
 * @throws CoatcheckError `USER_UNNAMED` where there is none
 */
export function idOf(user: LoginUser): string {
  const id: unknown = typeof user?.getId === 'function' ? user.getId() : user?.id;
  const named = (typeof id === 'string' && id !== '') || typeof id === 'bigint' || Number.isFinite(id);
  if (named) return String(id);
  throw new CoatcheckError(
    'USER_UNNAMED',
    'A user needs a name that lasts: an `id`, or `getId()`, that is text or a number.',
  );
}

/** Who does not say otherwise is active. */
export function isActive(user: LoginUser): boolean {
  return user.isActive !== false;
}
