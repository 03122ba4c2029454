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
