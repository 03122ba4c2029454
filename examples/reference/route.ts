import { type Answer, json } from './answer.ts';
import type { App } from './app.ts';
import type { Fields } from './fields.ts';

/** One route of the application. It knows no framework: the session is the imported one. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Behind the CSRF guard. */
  readonly guarded?: boolean;
  /** Behind it, and let through. */
  readonly exempt?: boolean;
  /** Behind the guard of the login as well, and what that asks for. */
  readonly login?: 'required' | 'fresh';
  readonly handle: (fields: Fields, app: App) => Answer | Promise<Answer>;
}

export const OK: Answer = json({ ok: true });

export function get(path: string, handle: Route['handle']): Route {
  return { method: 'GET', path, handle };
}

export function post(path: string, handle: Route['handle']): Route {
  return { method: 'POST', path, handle };
}

export function loginRequired(route: Route): Route {
  return { ...route, login: 'required' };
}
