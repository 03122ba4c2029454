/**
 * JSON text of a tagged value the way Flask's JSON provider writes it: object keys sorted by code point, and numbers
 * below 0.0001 with Python's exponent where `python` is set. `JSON.stringify` cannot sort: it writes keys that look like
 * array indices first.
 */
export function sortedText(value: unknown, python: boolean): string {
  if (typeof value === 'number' && python) return pythonNumber(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    // Not map: it leaves holes alone.
    return `[${Array.from(value, (item) => (item === undefined ? 'null' : sortedText(item, python))).join(',')}]`;
  }
  const object = value as Record<string, unknown>;
  const keys = Object.keys(object).filter((key) => object[key] !== undefined);
  const members = keys.sort(byCodePoint).map((key) => `${JSON.stringify(key)}:${sortedText(object[key], python)}`);
  return `{${members.join(',')}}`;
}

/** The same text with everything outside U+0020 to U+007E escaped, in lower-case hex. */
export function asciiText(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Compares as Python does. The default order compares UTF-16 units: surrogates before U+E000 to U+FFFF. */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x, a, i) - rank(y, b, i);
  }
  return a.length - b.length;
}

/** Puts the halves of pairs, which stand for code points above U+FFFF, behind all single units. */
function rank(unit: number, text: string, at: number): number {
  return unit >= 0xd800 && unit <= 0xdfff && isPaired(unit, text, at) ? unit + 0x10000 : unit;
}

function isPaired(unit: number, text: string, at: number): boolean {
  if (unit >= 0xdc00) return at > 0 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
  return (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
}

// Python's repr has an exponent of two digits below 1e-4, JavaScript one of any length below 1e-6.
function pythonNumber(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  if (value === 0 || Math.abs(value) >= 1e-4) return JSON.stringify(value);
  return value.toExponential().replace(/e-(\d)$/, 'e-0$1');
}
