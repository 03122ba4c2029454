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

/** For paths and methods that no route has. */
export function notFound(): Problem {
  return new Problem(404, 'NOT_FOUND', 'There is no such route.');
}
