import { session as ambient, type Session } from 'coatcheck';
import type { Appointment, Fields } from './appointment.ts';

/** What the sessions of this application hold. */
export interface BookData {
  appointments: Appointment[];
  draft: Fields;
}

/** The session of the request that is being served, by its type. */
export const session = ambient as unknown as Session<BookData>;

/** A session is small by design: what grows without end belongs into a database of its own. */
export const MOST = 50;

/** All appointments, the earliest first. */
export function appointments(): readonly Appointment[] {
  const all = session.get('appointments', []);
  return [...all].sort((a, b) => compare(a.date + a.time + a.id, b.date + b.time + b.id));
}

export function find(id: string): Appointment | undefined {
  return appointments().find((one) => one.id === id);
}

/**
 * Adds an appointment and lets the draft go. False where the book is full: another tab may have filled it since this
 * request read it, so the answer is only known once the update is saved.
 */
export async function add(appointment: Appointment): Promise<boolean> {
  session.permanent = true;
  session.update('appointments', (all = []) => (all.length < MOST ? [...all, appointment] : all));
  await session.save();
  if (find(appointment.id) === undefined) return false;
  discardDraft();
  return true;
}

/** Replaces an appointment. False where another tab has deleted it. */
export async function change(appointment: Appointment): Promise<boolean> {
  if (find(appointment.id) === undefined) return false;
  session.update('appointments', (all = []) => all.map((one) => (one.id === appointment.id ? appointment : one)));
  await session.save();
  return find(appointment.id) !== undefined;
}

export function remove(id: string): void {
  session.update('appointments', (all = []) => all.filter((one) => one.id !== id));
}

/** Keeps a half-filled form. One with nothing of the visitor's own in it is none. */
export function keepDraft(draft: Fields): void {
  if (draft.title + draft.time + draft.place + draft.note === '') {
    discardDraft();
    return;
  }
  session.permanent = true;
  session.draft = draft;
}

export function discardDraft(): void {
  if (session.has('draft')) session.delete('draft');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
