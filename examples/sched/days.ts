import type { Appointment } from './appointment.ts';

export interface Day {
  /** `2026-11-24` */
  readonly date: string;
  readonly appointments: readonly Appointment[];
}

const DAY_MS = 86_400_000;

/** The day of the server's calendar. */
export function dayOf(now: Date): string {
  return `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
}

export function timeOf(now: Date): string {
  return `${pad(now.getHours())}:${pad(now.getMinutes())}`;
}

export function daysAfter(date: string, count: number): string {
  return new Date(utc(date).getTime() + count * DAY_MS).toISOString().slice(0, 10);
}

/** `Tuesday 24 November`, with the year where it is another one than today's. */
export function longDate(date: string, today: string): string {
  const year = date.slice(0, 4) === today.slice(0, 4) ? undefined : 'numeric';
  return format(date, { weekday: 'long', day: 'numeric', month: 'long', year });
}

/** `Tue` */
export function shortWeekday(date: string): string {
  return format(date, { weekday: 'short' });
}

/** `Today`, `Tomorrow` or the weekday. */
export function dayName(date: string, today: string): string {
  if (date === today) return 'Today';
  if (date === daysAfter(today, 1)) return 'Tomorrow';
  return format(date, { weekday: 'long' });
}

/** `24 November`, with the year where it is another one than today's. */
export function dayAndMonth(date: string, today: string): string {
  const year = date.slice(0, 4) === today.slice(0, 4) ? undefined : 'numeric';
  return format(date, { day: 'numeric', month: 'long', year });
}

/** Appointments in their order, by day. */
export function byDay(appointments: readonly Appointment[]): Day[] {
  const days = new Map<string, Appointment[]>();
  for (const appointment of appointments) {
    const day = days.get(appointment.date);
    if (day === undefined) days.set(appointment.date, [appointment]);
    else day.push(appointment);
  }
  return [...days].map(([date, those]) => ({ date, appointments: those }));
}

function format(date: string, options: Record<string, string | undefined>): string {
  return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }).format(utc(date));
}

function utc(date: string): Date {
  return new Date(`${date}T00:00:00Z`);
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
