import { AsyncLocalStorage } from 'node:async_hooks';

/** A middleware that does nothing: what the framework takes for mounting any. */
export function middleware(parts) {
  return { ...bare(parts), middleware: (_req, _res, next) => next() };
}

/** A middleware that opens a context for the rest of the request: what an ambient session is made of. */
export function context(parts) {
  const contexts = new AsyncLocalStorage();
  return { ...bare(parts), middleware: (_req, _res, next) => contexts.run({}, next) };
}

/** No session at all: what the framework itself costs. */
export function bare({ send }) {
  const answer = (_req, res) => send(res, 'ann');
  return {
    handlers: {
      read: answer,
      write: answer,
      login: answer,
      seed(_req, res) {
        res.setHeader('Set-Cookie', `sid=${'a'.repeat(43)}; Path=/; HttpOnly; SameSite=Lax`);
        send(res, 'seeded');
      },
    },
  };
}
