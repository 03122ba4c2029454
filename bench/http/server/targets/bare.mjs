/** A middleware that does nothing: what the framework takes for mounting any. */
export function middleware(parts) {
  return { ...bare(parts), middleware: (_req, _res, next) => next() };
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
