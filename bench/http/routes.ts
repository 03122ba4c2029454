/** A route that is measured. */
export interface Route {
  readonly path: string;
  /** Whether the requests carry the session's cookie. */
  readonly cookie: boolean;
  /** Each connection takes over the cookie that it is sent. */
  readonly follow?: boolean;
  /** What a right answer says. */
  readonly answer: RegExp;
}

export const ROUTES = {
  control: { path: '/control', cookie: true, answer: /^ok$/ },
  nocookie: { path: '/plain', cookie: false, answer: /^plain$/ },
  static: { path: '/static/app.css', cookie: true, answer: /^body/ },
  untouched: { path: '/plain', cookie: true, answer: /^plain$/ },
  read: { path: '/read', cookie: true, answer: /^ann$/ },
  write: { path: '/write', cookie: true, answer: /^(\d+|ann)$/ },
  login: { path: '/login', cookie: true, follow: true, answer: /^ann$/ },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;

export const ROUTE_NAMES = Object.keys(ROUTES) as RouteName[];
