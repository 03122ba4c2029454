/** Handlers for everything whose session is an object on the request: word for word the same for all of them. */
export function byProperty(send, sessionOf, data) {
  return {
    read(req, res) {
      send(res, sessionOf(req).user);
    },
    write(req, res) {
      const session = sessionOf(req);
      session.visits += 1;
      send(res, String(session.visits));
    },
    seed(req, res) {
      Object.assign(sessionOf(req), data());
      send(res, 'seeded');
    },
  };
}
