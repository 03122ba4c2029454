import { CoatcheckError } from '../errors.ts';
import type { Login } from './login.ts';
import { safeNext } from './next.ts';
import type { LoginUser } from './user.ts';
import { checkViews, type LoginViews, type Refusal, VIEW_NAMES, type Wanted } from './views.ts';

/** A request as a guard sees it. */
export interface Guarded {
  readonly session: object | undefined;
  readonly method: string;
  /** Path and query as on the wire. */
  readonly target: string;
}

/** Who knows why a handler must not run: a login, whatever its users are. */
export interface Refusing {
  refusal(
    session: object,
    wanted: Wanted,
    target: string | undefined,
    views?: LoginViews,
  ): Promise<Refusal | undefined>;
}

/** What is answered in a handler's place: a redirect, or an error with its status. */
export type GuardAnswer =
  | { readonly status: 302 | 303; readonly location: string }
  | { readonly error: CoatcheckError };

/** What no request asks for. */
const NOWHERE = '';

/** What the guards of every framework have in common. */
export class Guard {
  readonly #login: Refusing;
  readonly #wanted: Wanted;
  readonly #views: LoginViews;

  constructor(login: Refusing, wanted: Wanted, views: LoginViews) {
    this.#login = login;
    this.#wanted = wanted;
    this.#views = views;
  }

  /** Why the handler must not run; undefined where it may. OPTIONS asks what is possible, and is never refused. */
  async refusal({ session, method, target }: Guarded): Promise<Refusal | undefined> {
    if (method === 'OPTIONS') return undefined;
    const back = isSafe(method) && safeNext(target, NOWHERE) !== NOWHERE ? target : undefined;
    return this.#login.refusal(session ?? {}, this.#wanted, back, this.#views);
  }

  /** What is answered where the application has nothing of its own to say. */
  answer({ location, error }: Refusal, method: string): GuardAnswer {
    if (location === undefined) return { error };
    return { status: isSafe(method) ? 302 : 303, location };
  }
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Looks up who is there. On a static path there is no session, and nobody. */
export async function lookUp<U extends LoginUser, A>(login: Login<U, A>, session: object | undefined): Promise<void> {
  if (session !== undefined && login.sessions.isNull(session)) return;
  await login.of(session ?? {}).load();
}

/** The views among a guard's options, and the handlers of its framework. @throws CoatcheckError `OPTION_UNKNOWN`, `OPTION_INVALID` */
export function readGuards<H extends object>(
  options: LoginViews & H,
): { views: LoginViews; handlers: Omit<H, keyof LoginViews> } {
  const views: Record<string, unknown> = {};
  const handlers: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (VIEW_NAMES.includes(name)) views[name] = value;
    else if (name !== 'unauthorized' && name !== 'needsRefresh') {
      throw new CoatcheckError(
        'OPTION_UNKNOWN',
        `${name} is no option of a guard: they are unauthorized, needsRefresh, ${VIEW_NAMES.join(', ')}.`,
      );
    } else if (typeof value === 'function') handlers[name] = value;
    else if (value !== undefined) throw new CoatcheckError('OPTION_INVALID', `${name} must be a function.`);
  }
  checkViews(views);
  return { views, handlers: handlers as Omit<H, keyof LoginViews> };
}
