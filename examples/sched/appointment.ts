import { textsOf } from './texts.ts';

/** An appointment as a book keeps it. Times are wall-clock: an appointment at nine is at nine. */
export interface Appointment {
  readonly id: string;
  readonly title: string;
  /** `2026-11-24` */
  readonly date: string;
  /** `09:30` */
  readonly time: string;
  readonly minutes: number;
  readonly place: string;
  readonly note: string;
}

export type Field = 'title' | 'date' | 'time' | 'minutes' | 'place' | 'note';

/** A form as it was filled in, right or wrong. */
export type Fields = Readonly<Record<Field, string>>;

/** What is wrong with a form, by field. */
export type Problems = Readonly<Partial<Record<Field, string>>>;

/**
 * The longest texts. With at most three bytes for each UTF-16 unit, a full book of fifty and a draft stay below the
 * 65,536 bytes of a record.
 */
export const LONGEST: Readonly<Record<Field, number>> = {
  title: 80,
  date: 10,
  time: 5,
  minutes: 3,
  place: 80,
  note: 200,
};

export const LENGTHS: ReadonlyMap<number, string> = new Map([
  [15, '15 minutes'],
  [30, '30 minutes'],
  [45, '45 minutes'],
  [60, '1 hour'],
  [90, '1½ hours'],
  [120, '2 hours'],
  [240, '4 hours'],
]);

export const FIRST_DATE = '2000-01-01';
export const LAST_DATE = '2099-12-31';

const NAMES = Object.keys(LONGEST) as Field[];

/** The fields of a posted form; undefined where one is missing or there twice, which our pages never send. */
export function readFields(body: unknown): Fields | undefined {
  const texts = textsOf(body, NAMES);
  if (texts === undefined) return undefined;
  const tidy = NAMES.map((name) => [name, texts[name].replace(/\r\n?/g, '\n').trim()]);
  return Object.fromEntries(tidy) as Record<Field, string>;
}

/** What no form may hold, not even a half-filled one. */
export function bounds(fields: Fields): Problems {
  const problems: Partial<Record<Field, string>> = {};
  for (const name of NAMES) {
    const unusable = name === 'note' ? /(?!\n)\p{Cc}/u : /\p{Cc}/u;
    if (fields[name].length > LONGEST[name]) problems[name] = `Use ${LONGEST[name]} characters at most.`;
    else if (unusable.test(fields[name])) problems[name] = 'Leave control characters out.';
  }
  return problems;
}

/** What keeps a form from being an appointment. */
export function problemsOf(fields: Fields): Problems {
  const { title, date, time, minutes } = fields;
  return {
    ...(title === '' && { title: 'Say what the appointment is about.' }),
    ...(!isDate(date) && { date: 'Choose a day, such as 2026-11-24.' }),
    ...(!/^([01]\d|2[0-3]):[0-5]\d$/.test(time) && { time: 'Choose a time, such as 09:30.' }),
    ...(!isLength(minutes) && { minutes: 'Choose one of the lengths.' }),
    ...bounds(fields),
  };
}

/** A checked form as an appointment. */
export function appointmentOf(id: string, fields: Fields): Appointment {
  return { id, ...fields, minutes: Number(fields.minutes) };
}

/** An appointment as its form shows it. */
export function fieldsOf({ title, date, time, minutes, place, note }: Appointment): Fields {
  return { title, date, time, minutes: String(minutes), place, note };
}

function isLength(minutes: string): boolean {
  return [...LENGTHS.keys()].some((length) => String(length) === minutes);
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || text < FIRST_DATE || text > LAST_DATE) return false;
  const date = new Date(`${text}T00:00:00Z`);
  // The 30th of February is the 2nd of March to a Date.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
