/** 1234567 -> `1,234,567`, whatever the locale: scripts read this too. */
export function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 record`, `2 records`. */
export function several(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `3 s`, `12 min`, `5 h`, `31 d`: the largest unit of which there are two, rounded. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `512 B`, `3.4 KB`, `12 MB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** A moment as everybody reads it, in UTC and to the second; a word for what no calendar has. */
export function moment(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? 'no date' : date.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** `in 5 min`, `3 h ago`. */
export function distance(ms: number, now: number): string {
  return ms >= now ? `in ${span(ms - now)}` : `${span(now - ms)} ago`;
}

const NUMERIC = /^[\d,.]+( [A-Z]?B)?$|^-$/;

/** Rows as lines, numbers at the right. Widths are of what stands there, so a pipe gets the same text as a terminal. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const [head = [], ...body] = rows;
  const right = head.map((_, at) => body.length > 0 && body.every((row) => NUMERIC.test(row[at] ?? '')));
  const widths = head.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, at) => (right[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/**
 * Text of somebody else's on a terminal: what would move the cursor or hide something is written out as it would stand
 * in JSON.
 */
export function harmless(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u${char.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  );
}
