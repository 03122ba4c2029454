import { CoatcheckError } from '../errors.ts';

/** How far the answer is: nothing sent, its head sent, all of it sent, or given up because nobody listens any more. */
export type Wire = 'open' | 'sent' | 'ended' | 'abandoned';

/** A page that looks at its session only now went out without saying so to caches (R54). */
export function refuseLateLook(): never {
  throw new CoatcheckError(
    'SESSION_HEADERS_SENT',
    'The head of the answer left before the session was looked at, so a shared cache may keep the page. Look at the session first, or send Cache-Control: private.',
  );
}

/** Throws where the answer is too far gone for a change, or for one that needs a cookie. */
export function refuseLateChange(wire: Wire, needsCookie: boolean): void {
  if (wire === 'ended' || wire === 'abandoned') {
    throw new CoatcheckError(
      'SESSION_CLOSED',
      'The answer has ended; nothing can be stored any more. Change the session before, or save records with sessions.records().',
    );
  }
  if (wire === 'sent' && needsCookie) {
    throw new CoatcheckError(
      'SESSION_HEADERS_SENT',
      'The head of the answer has left, and this change needs a cookie. Change the session before the first byte of the body.',
    );
  }
}
