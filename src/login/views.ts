import { CoatcheckError } from '../errors.ts';
import { flashFor } from '../flash/index.ts';
import { dictionary } from '../session/dictionary.ts';
import { type Freshness, type RequestLogin, required, stale } from './request-login.ts';
import type { LoginUser } from './user.ts';

/** Where visitors are sent whom a guard refuses, and what they are told there. */
export interface LoginViews {
  /** The page to log in on: a path, or a URL. Without one a refusal is 401. */
  loginView?: string;
  /** The page to give the password once more. Default: `loginView`. */
  refreshView?: string;
  /** Flashed with a refusal; `null`: nothing. Default `'Please log in to access this page.'` */
  loginMessage?: string | null;
  /** Default `'message'`. */
  loginMessageCategory?: string;
  /** The same for a login that is not fresh. Default `'Please reauthenticate to access this page.'` */
  refreshMessage?: string | null;
  refreshMessageCategory?: string;
  /** Puts a message into the visitor's language. Default: as it is. */
  localize?(message: string): string;
}

/** What a guard wants of a visitor. */
export interface Wanted extends Freshness {
  /** A login by a real authentication, and not by the cookie that remembers. Default false. */
  readonly fresh?: boolean;
}

/** Why a handler must not run, and what is answered instead: a redirect, or the error. */
export interface Refusal {
  readonly kind: 'unauthorized' | 'needs-refresh';
  readonly error: CoatcheckError;
  /** Where to send the visitor, with where they wanted to go as `next`; undefined for no page of that sort. */
  readonly location: string | undefined;
}

const NAMES = [
  'loginView',
  'refreshView',
  'loginMessage',
  'loginMessageCategory',
  'refreshMessage',
  'refreshMessageCategory',
  'localize',
] as const;

export const VIEW_NAMES: readonly string[] = NAMES;

/** @throws CoatcheckError `OPTION_INVALID` */
export function checkViews(views: LoginViews): void {
  for (const name of NAMES) {
    const value = views[name];
    const good =
      name === 'localize'
        ? value === undefined || typeof value === 'function'
        : value === undefined || typeof value === 'string' || (value === null && name.endsWith('Message'));
    if (!good)
      throw new CoatcheckError('OPTION_INVALID', `${name} must be ${name === 'localize' ? 'a function' : 'text'}.`);
  }
}

/**
 * Whether a handler may run; undefined means that it may. What a loader throws is thrown: a guard that cannot find out
 * lets nobody through (R93).
 *
 * @param target path and query that the visitor asked for, where it is worth coming back to: of a GET or HEAD
 */
export async function refusalOf<U extends LoginUser, A>(
  login: RequestLogin<U, A>,
  wanted: Wanted,
  views: LoginViews,
  target: string | undefined,
): Promise<Refusal | undefined> {
  await login.who.user();
  const { loginView, refreshView = loginView } = views;
  if (!login.who.authenticated) {
    const { loginMessage = required().message, loginMessageCategory } = views;
    login.who.tell('unauthorized', {});
    tell(login, views, loginMessage, loginMessageCategory, loginView);
    return { kind: 'unauthorized', error: required(), location: withNext(loginView, target) };
  }
  if ((wanted.fresh !== true && wanted.maxAge === undefined) || login.isFresh(wanted)) return undefined;
  const { refreshMessage = stale().message, refreshMessageCategory } = views;
  login.who.tell('needs-refresh', {});
  tell(login, views, refreshMessage, refreshMessageCategory, refreshView);
  return { kind: 'needs-refresh', error: stale(), location: withNext(refreshView, target) };
}

/** A message is for the page that the visitor is sent to, and for no other. */
function tell<U extends LoginUser, A>(
  { who }: RequestLogin<U, A>,
  { localize = (text) => text }: LoginViews,
  message: string | null,
  category: string | undefined,
  view: string | undefined,
): void {
  if (message !== null && view !== undefined) flashFor(dictionary(who.session)).flash(localize(message), category);
}

/** The page with `next` in its query, whatever else stands there (Flask-Login's `login_url`). */
function withNext(view: string | undefined, target: string | undefined): string | undefined {
  if (view === undefined || target === undefined) return view;
  const [page = '', fragment] = view.split('#', 2);
  const query = new URLSearchParams({ next: target });
  const joint = page.includes('?') ? (page.endsWith('?') || page.endsWith('&') ? '' : '&') : '?';
  return `${page}${joint}${query}${fragment === undefined ? '' : `#${fragment}`}`;
}
