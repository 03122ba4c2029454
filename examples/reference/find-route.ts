import { notFound } from './problem.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';

const byName = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));

/** The route of a request, where no framework finds it. HEAD is a GET whose body nobody sees. */
export function findRoute(method: string, path: string): Route {
  const route = byName.get(`${method === 'HEAD' ? 'GET' : method} ${path}`);
  if (route === undefined) throw notFound();
  return route;
}
