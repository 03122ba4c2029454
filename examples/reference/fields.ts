import { parse } from 'node:querystring';
import { Problem } from './problem.ts';

/** What a visitor sent along: the query of a GET, the body of a POST. */
export type Fields = Readonly<Record<string, unknown>>;

const LONGEST_WAIT_MS = 60_000;

/** The query of a request target. */
export function queryOf(target: string): Fields {
  const at = target.indexOf('?');
  return at < 0 ? {} : parse(target.slice(at + 1));
}

/** Any value; own fields only, so that nobody sends us what every object inherits. */
export function value(fields: Fields, name: string): unknown {
  if (!Object.hasOwn(fields, name)) throw wrong(`The field ${name} is missing.`);
  return fields[name];
}

export function text(fields: Fields, name: string): string {
  const given = value(fields, name);
  if (typeof given !== 'string') throw wrong(`The field ${name} must be one text.`);
  return given;
}

/** One text, or nothing. */
export function optionalText(fields: Fields, name: string): string | undefined {
  return Object.hasOwn(fields, name) ? text(fields, name) : undefined;
}

/** A form can only send the words. */
export function flag(fields: Fields, name: string): boolean {
  const given = value(fields, name);
  if (given === true || given === 'true') return true;
  if (given === false || given === 'false') return false;
  throw wrong(`The field ${name} must be true or false.`);
}

/** A box of a form sends `on`, or nothing. */
export function checkbox(fields: Fields, name: string): boolean {
  if (!Object.hasOwn(fields, name)) return false;
  return fields[name] === 'on' || flag(fields, name);
}

/** Which keys to keep: all, none, or those named. A form names one by one field. */
export function keep(fields: Fields, name: string): boolean | string[] {
  const given = value(fields, name);
  if (Array.isArray(given) && given.every((key): key is string => typeof key === 'string')) return given;
  if (typeof given === 'string' && given !== 'true' && given !== 'false') return [given];
  return flag(fields, name);
}

export function milliseconds(fields: Fields, name: string): number {
  const given = text(fields, name);
  const ms = /^\d{1,5}$/.test(given) ? Number(given) : Number.POSITIVE_INFINITY;
  if (ms > LONGEST_WAIT_MS) throw wrong(`The field ${name} must be milliseconds, ${LONGEST_WAIT_MS} at most.`);
  return ms;
}

/** Money. A form can only send digits. */
export function amount(fields: Fields, name: string): number {
  const given = value(fields, name);
  const sent = typeof given === 'number' ? String(given) : text(fields, name);
  if (!/^\d{1,9}(?:\.\d{1,2})?$/.test(sent)) throw wrong(`The field ${name} must be an amount, such as 12.50.`);
  return Number(sent);
}

/** A number as it is, whatever it is; undefined where there is none. A form can only send digits. */
export function seconds(fields: Fields, name: string): number | undefined {
  if (!Object.hasOwn(fields, name)) return undefined;
  const given = fields[name];
  if (typeof given === 'number') return given;
  return typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : Number.NaN;
}

export function wrong(message: string): Problem {
  return new Problem(400, 'FIELD_INVALID', message);
}
