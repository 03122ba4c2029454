import type { Response } from 'express';
import { errorPage } from './pages/error.ts';
import { viewOf } from './view.ts';

/** A form that our pages do not send. */
export function refuse(response: Response): void {
  response.status(400).send(errorPage(400, viewOf(response)));
}

/** The answer to an error; without a view, since the session may be what is broken. */
export function sendError(error: unknown, response: Response): void {
  const given = (error as { status?: unknown } | undefined)?.status;
  const status = typeof given === 'number' && given >= 400 && given <= 599 ? given : 500;
  if (status === 500) console.error(error);
  response.status(status).send(errorPage(status));
}
