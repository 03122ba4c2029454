import express from 'express';

/** The answer of every route: what Express does by default, the same for all targets. */
export function send(res, text) {
  res.send(text);
}

/** An Express 5 application with its default settings and the target's session mounted before the routes. */
export function listen(target, routes) {
  const app = express();
  // Before the session: its cost must be the same whatever the target.
  app.get('/control', (_req, res) => send(res, 'ok'));
  for (const [path, handler] of Object.entries(routes.outside ?? {})) app.get(path, handler);
  if (target.middleware !== undefined) app.use(target.middleware);
  for (const [path, handler] of Object.entries(routes.inside)) app.get(path, handler);
  return app.listen(0, '127.0.0.1');
}
