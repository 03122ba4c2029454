import { createServer } from 'node:http';

export function send(res, text) {
  res.setHeader('Content-Type', 'text/html; charset=utf-8');
  res.end(text);
}

/** A bare node:http server: the same routes by a table, no framework. */
export function listen(target, routes) {
  const inside = new Map(Object.entries(routes.inside));
  const outside = new Map(Object.entries({ '/control': (_req, res) => send(res, 'ok'), ...routes.outside }));
  const route = (req, res) => inside.get(pathOf(req))(req, res);
  const served = serve(target, route);
  return createServer((req, res) => {
    const handler = outside.get(pathOf(req));
    if (handler === undefined) served(req, res);
    else handler(req, res);
  }).listen(0, '127.0.0.1');
}

function serve({ wrap, middleware }, route) {
  if (wrap !== undefined) return wrap(route);
  const run = (req, res) => {
    const result = route(req, res);
    if (result instanceof Promise) result.catch((error) => fail(res, error));
  };
  if (middleware === undefined) return run;
  return (req, res) => middleware(req, res, (error) => (error === undefined ? run(req, res) : fail(res, error)));
}

function fail(res, error) {
  console.error(error);
  res.statusCode = 500;
  res.end('failed');
}

function pathOf({ url }) {
  const at = url.indexOf('?');
  return at < 0 ? url : url.slice(0, at);
}
