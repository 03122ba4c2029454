import type { VisitorLogin } from 'coatcheck/login';
import type { Person } from './people.ts';

/** A user as the answers tell them. */
export interface Who {
  readonly user: string | null;
  readonly fresh: boolean;
  readonly remembered: boolean;
}

export async function who(login: VisitorLogin<Person>): Promise<Who> {
  const user = await login.user();
  if (!('name' in user)) return { user: null, fresh: false, remembered: false };
  return { user: user.name, fresh: login.isFresh(), remembered: login.isRemembered };
}
