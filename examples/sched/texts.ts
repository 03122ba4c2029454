/** The fields of a posted form; undefined where one is missing or there twice, which our pages never send. */
export function textsOf<Name extends string>(body: unknown, names: readonly Name[]): Record<Name, string> | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const values = new Map(Object.entries(body));
  const texts: [Name, string][] = [];
  for (const name of names) {
    const value: unknown = values.get(name);
    if (typeof value !== 'string') return undefined;
    texts.push([name, value]);
  }
  return Object.fromEntries(texts) as Record<Name, string>;
}
