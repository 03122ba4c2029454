import type { Attempt } from 'coatcheck/login';
import { isRight } from './passwords.ts';
import type { Services } from './services.ts';
import type { User } from './users.ts';

/** Somebody who knew a password. */
export interface Proof {
  readonly user: User;
  /** Is to be told that it succeeded. */
  readonly attempt: Attempt;
}

/**
 * Whether somebody knows the password of a name, within the limits of attempts. A no takes as long whatever its reason,
 * and stores nothing (OWASP ASVS 6.3.8).
 */
export async function prove(
  { users, limiter }: Pick<Services, 'users' | 'limiter'>,
  name: string,
  password: string,
): Promise<Proof | undefined> {
  const attempt = await limiter.attempt(name);
  const user = await users.named(name);
  const right = await isRight(password, user?.hash);
  return right && attempt.allowed && user !== undefined ? { user, attempt } : undefined;
}
