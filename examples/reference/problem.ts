/** What a visitor sent wrong, or a route that does not exist: an answer, not a fault of the application. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** For the store's direct interface where nothing is stored. */
export function noBackend(): Problem {
  return new Problem(501, 'BACKEND_UNSUPPORTED', 'Sealed cookies have no store to set anything in.');
}

/** For the sessions of a user where nobody lists them. */
export function noOwners(): Problem {
  return new Problem(501, 'OWNERS_UNSUPPORTED', 'Sealed cookies are listed nowhere.');
}

/** For paths and methods that no route has. */
export function notFound(): Problem {
  return new Problem(404, 'NOT_FOUND', 'There is no such route.');
}
