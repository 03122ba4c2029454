import type { Session } from 'coatcheck';
import type { Appointment, Fields } from './appointment.ts';

/** What is kept of each user, on whatever device they are. */
export interface BookData {
  appointments: Appointment[];
  draft: Fields;
}

/** The data of a user, for one request. */
export type Book = Session<BookData>;

/** It is small by design: what grows without end belongs into a database of its own. */
export const MOST = 50;

/** All appointments, the earliest first. */
export function appointments(book: Book): readonly Appointment[] {
  const all = book.get('appointments', []);
  return [...all].sort((a, b) => compare(a.date + a.time + a.id, b.date + b.time + b.id));
}

export function find(book: Book, id: string): Appointment | undefined {
  return appointments(book).find((one) => one.id === id);
}

/**
 * Adds an appointment and lets the draft go. False where the book is full: another tab may have filled it since this
 * request read it, so the answer is only known once the update is saved.
 */
export async function add(book: Book, appointment: Appointment): Promise<boolean> {
  book.update('appointments', (all = []) => (all.length < MOST ? [...all, appointment] : all));
  await book.save();
  if (find(book, appointment.id) === undefined) return false;
  discardDraft(book);
  return true;
}

/** Replaces an appointment. False where another tab has deleted it. */
export async function change(book: Book, appointment: Appointment): Promise<boolean> {
  if (find(book, appointment.id) === undefined) return false;
  book.update('appointments', (all = []) => all.map((one) => (one.id === appointment.id ? appointment : one)));
  await book.save();
  return find(book, appointment.id) !== undefined;
}

export function remove(book: Book, id: string): void {
  book.update('appointments', (all = []) => all.filter((one) => one.id !== id));
}

/** Keeps a half-filled form. One with nothing of the user's own in it is none, and false. */
export function keepDraft(book: Book, draft: Fields): boolean {
  if (draft.title + draft.time + draft.place + draft.note === '') {
    discardDraft(book);
    return false;
  }
  book.draft = draft;
  return true;
}

export function discardDraft(book: Book): void {
  if (book.has('draft')) book.delete('draft');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
