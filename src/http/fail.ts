import { CoatcheckError } from '../errors.ts';

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** An error as an answer: plain text that names the code, and nothing of the session. */
export interface Failure {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
}

/** The status of an error's own answer: its `status` where that is 400 to 599, else 500. */
export function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null ? (error as { status?: unknown }).status : undefined;
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599 ? status : 500;
}

/** What a client gets for an error that nobody else answered. */
export function failureOf(error: unknown): Failure {
  const status = statusOf(error);
  // By name as well: a bundler may have loaded the class twice.
  const ours = error instanceof CoatcheckError || (error instanceof Error && error.name === 'CoatcheckError');
  const text = ours ? String((error as CoatcheckError).code) : (REASONS[status] ?? 'Error');
  return { status, body: `${status} ${text}\n`, contentType: 'text/plain; charset=utf-8' };
}

/**
 * Tells the operator of an error that no framework and no `onError` will: a bug in a handler, or a session that could
 * not be stored because of one. What the store did wrong is told by events.
 */
export function report(error: unknown): void {
  if (statusOf(error) === 500) console.error(error);
}
