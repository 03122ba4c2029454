import { CoatcheckError } from './errors.ts';

/**
 * A length of time with its unit: `'30m'`, `'1h'`, `'31d'`, or `{ ms: 1500 }`. Units: `ms`, `s`, `m`, `h`, `d`, `w`.
 * A bare number throws: half of the peers mean seconds by it and the other half milliseconds.
 */
export type Duration = string | { readonly ms: number };

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * Reads a duration as milliseconds.
 *
 * @param what the option's name, for the message
 * @throws CoatcheckError `OPTION_INVALID` for a bare number, an unknown unit, zero, a negative or a non-finite length
 */
export function durationMs(value: Duration, what: string): number {
  const ms = typeof value === 'string' ? parse(value) : typeof value === 'object' && value !== null ? value.ms : NaN;
  if (!Number.isFinite(ms) || ms <= 0) {
    throw new CoatcheckError(
      'OPTION_INVALID',
      `${what} must be a duration above zero with its unit, such as '30m', '1h', '31d' or { ms: 1500 }.`,
    );
  }
  return ms;
}

function parse(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s?(ms|s|m|h|d|w)$/.exec(text);
  const unit = match?.[2] === undefined ? undefined : UNIT_MS[match[2]];
  return unit === undefined ? NaN : Number(match?.[1]) * unit;
}
