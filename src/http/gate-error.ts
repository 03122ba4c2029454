import type { HeaderChanges } from '../interface/contract.ts';
import { failureOf, report } from './fail.ts';
import type { Verb } from './gate-calls.ts';
import type { Face } from './held.ts';
import { discardHead, type NodeResponse, prepareHead } from './node-head.ts';
import { isThenable } from './thenable.ts';

/**
 * Writes the answer for a session that could not be stored, instead of ours. What the handler set is gone from the
 * response by then; our cookies stay. May be async. Where it throws or sends nothing, our plain answer goes.
 */
export type NodeErrorHandler = (error: unknown, request: any, response: any) => unknown;

export interface FailedAnswer {
  readonly error: unknown;
  readonly changes: HeaderChanges;
  readonly request: object;
  readonly response: NodeResponse;
  readonly face: Face;
  readonly onError: NodeErrorHandler | undefined;
  /** Calls a method of the response past the gate. */
  pass(verb: Verb, args: readonly unknown[]): unknown;
  /** Nothing whole can be said any more. */
  giveUp(): void;
}

/** Takes the handler's answer back and sends the error's. */
export function answerError(failed: FailedAnswer): void {
  const { error, request, response, face, onError } = failed;
  if (onError === undefined) {
    report(error);
    sendOwn(failed);
    return;
  }
  const settle = () => {
    face.unlock();
    if (!response.headersSent) sendOwn(failed);
  };
  try {
    face.unlock();
    startOver(failed);
    // The handler may still be running; it must not write into this answer.
    face.lock();
    const answering = onError(error, request, pastTheGate(failed));
    if (isThenable(answering)) answering.then(settle, () => sendOwn(failed));
    else settle();
  } catch {
    sendOwn(failed);
  }
}

function sendOwn(failed: FailedAnswer): void {
  const { response, face, error } = failed;
  face.unlock();
  try {
    if (response.headersSent) throw new Error('The answer of onError had begun.');
    startOver(failed);
    const { status, body, contentType } = failureOf(error);
    response.statusCode = status;
    response.setHeader('Content-Type', contentType);
    response.setHeader('Content-Length', String(body.length));
    failed.pass('end', [body]);
  } catch {
    failed.giveUp();
  }
}

function startOver({ response, changes }: FailedAnswer): void {
  discardHead(response);
  prepareHead(response, undefined, changes);
  response.setHeader('Cache-Control', 'no-store');
}

/** The response as `onError` sees it: not held, and deaf to the gate. Our cookies keep their rules (R45, R53, R54). */
function pastTheGate(failed: FailedAnswer): object {
  const { response, face, changes } = failed;
  const view: NodeResponse = new Proxy(response, {
    get(target, key) {
      if (key === 'writeHead' || key === 'write' || key === 'end' || key === 'flushHeaders') {
        return (...args: unknown[]) => {
          face.unlock();
          const begun = response.headersSent;
          const head = begun ? undefined : prepareHead(response, key === 'writeHead' ? args : undefined, changes).call;
          const result = failed.pass(key, head ?? args);
          return result === response ? view : result;
        };
      }
      return face.behind(key) ?? Reflect.get(target, key, target);
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
  return view;
}
