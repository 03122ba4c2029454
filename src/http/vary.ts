/** R58: what a guard's refusals depend on. */
const NAMES = ['Sec-Fetch-Site', 'Origin'];

/** A Vary field with these names added; undefined where it says them already. */
export function varyByOrigin(vary: string | undefined): string | undefined {
  const there = new Set((vary ?? '').split(',').map((name) => name.trim().toLowerCase()));
  if (there.has('*')) return undefined;
  const missing = NAMES.filter((name) => !there.has(name.toLowerCase()));
  if (missing.length === 0) return undefined;
  return [...(vary === undefined || vary.trim() === '' ? [] : [vary]), ...missing].join(', ');
}

interface Answer {
  readonly headersSent: boolean;
  getHeader(name: string): unknown;
  setHeader(name: string, value: string): unknown;
}

export function varyOn(response: Answer): void {
  if (response.headersSent) return;
  const before = response.getHeader('Vary');
  const vary = varyByOrigin(before === undefined ? undefined : [before].flat().join(', '));
  if (vary !== undefined) response.setHeader('Vary', vary);
}
