import { warnOnce } from '../warn.ts';

/** Members of other libraries' sessions, and what to use here instead. */
const HABITS: Readonly<Record<string, string>> = {
  id: 'session.id would leak the ticket. Use session.handle to name a session in logs and pages.',
  sessionID: 'There is no session id to read. Use session.handle to name a session in logs and pages.',
  cookie:
    'session.cookie does not exist: set lifetime and cookie in createSessions, and session.permanent = true for a login that outlives the browser.',
  touch: 'session.touch is not needed: a session that is looked at stays alive by itself.',
  hasOwnProperty: 'session.hasOwnProperty is a key of your data here. Use session.has(key), or `key in session`.',
  resetMaxAge: 'session.resetMaxAge is not needed: a session that is looked at stays alive by itself.',
};

/** Tells once a process what a habit of express-session is called here, where silence would be read as support. */
export function hintHabit(key: string): void {
  const hint = Object.hasOwn(HABITS, key) ? HABITS[key] : undefined;
  if (hint !== undefined) warnOnce(`COATCHECK_HINT_${key.toUpperCase()}`, hint);
}
