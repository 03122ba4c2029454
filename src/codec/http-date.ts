const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Hours of the zone names of RFC 2822 section 4.3; single letters and unknown names mean UTC there. */
const ZONES: Readonly<Record<string, number>> = {
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
};

// [Thu,] 29 Feb 2024 23:59[:58] [+0100 | GMT], and the same with dashes (RFC 850).
const DAY_FIRST =
  /^(?:[a-z]+,?\s+)?(\d{1,2})[\s-]+([a-z]{3,9})[\s-]+(\d{2,4})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([+-]\d{4})|\s+([a-z]{1,5}))?(?:\s*\([^()]*\))?$/i;
// Thu Feb 29 23:59:58 2024 (C's asctime).
const MONTH_FIRST = /^[a-z]+,?\s+([a-z]{3,9})\s+(\d{1,2})\s+(\d{1,2}):(\d{2}):(\d{2})\s+(\d{4})$/i;

/** A Date as an HTTP date (RFC 9110 section 5.6.7), to the second: `Thu, 29 Feb 2024 23:59:58 GMT`. */
export function toHttpDate(date: Date): string {
  return date.toUTCString();
}

/**
 * Reads HTTP dates and RFC 2822 dates with any offset, as Flask does. Without a zone it is UTC. Undefined for anything
 * else, and for days and times that do not exist.
 */
export function fromHttpDate(text: string): Date | undefined {
  if (text.length > 100) return undefined;
  const day = DAY_FIRST.exec(text.trim());
  if (day !== null) return utc(day[3], day[2], day[1], day[4], day[5], day[6], offset(day[7], day[8]));
  const asctime = MONTH_FIRST.exec(text.trim());
  if (asctime === null) return undefined;
  return utc(asctime[6], asctime[1], asctime[2], asctime[3], asctime[4], asctime[5], 0);
}

type Part = string | undefined;

function utc(year: Part, month: Part, day: Part, hour: Part, minute: Part, second: Part, minutesEast: number) {
  const date = new Date(0);
  const m = MONTHS.indexOf((month ?? '').slice(0, 3).toLowerCase());
  const [h, min, s] = [Number(hour), Number(minute), Number(second ?? 0)];
  if (m < 0 || h > 23 || min > 59 || s > 59 || Math.abs(minutesEast) >= 24 * 60) return undefined;
  date.setUTCFullYear(fullYear(Number(year)), m, Number(day));
  if (date.getUTCMonth() !== m || date.getUTCDate() !== Number(day)) return undefined;
  date.setUTCHours(h, min, s);
  return new Date(date.getTime() - minutesEast * 60_000);
}

// RFC 2822 section 4.3 has two-digit years; Python's rule, which is POSIX's, is followed for all below 100.
function fullYear(year: number): number {
  if (year >= 100) return year;
  return year > 68 ? year + 1900 : year + 2000;
}

function offset(numeric: Part, name: Part): number {
  if (numeric !== undefined) {
    const minutes = Number(numeric.slice(1, 3)) * 60 + Number(numeric.slice(3));
    return numeric.startsWith('-') ? -minutes : minutes;
  }
  return (ZONES[(name ?? '').toUpperCase()] ?? 0) * 60;
}
