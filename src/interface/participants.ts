import type { RequestSession } from '../session/request-session.ts';

/** The answer says that something could not be stored: what is still to be done beside it is given up. */
export function giveUp(session: RequestSession): void {
  // Nobody may hold the ticket of a session of which only half is stored.
  if (session.participants.length > 0 && session.cookie === 'set') session.cookie = 'none';
  session.participants = [];
}

/** A commit with whatever is to be stored beside it. No promise more where there is nothing. */
export function together(session: RequestSession, commit: Promise<unknown>): Promise<unknown> {
  return session.participants.length === 0 ? commit : commit.then(() => joined(session));
}

/**
 * Stores what joined the session's commit, one after the other; those that did not come to it are still to be done.
 *
 * @param gone told where there was something that is not wanted any more, because its session is gone
 */
export async function joined(session: RequestSession, gone?: () => void): Promise<void> {
  const participants = session.participants;
  session.participants = [];
  if (session.origin.kind === 'closed') {
    if (participants.length > 0) gone?.();
    return;
  }
  for (const [at, participant] of participants.entries()) {
    try {
      await participant.store();
    } catch (error) {
      session.participants = [...participants.slice(at), ...session.participants];
      throw error;
    }
  }
}
