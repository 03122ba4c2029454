/** Reads one field of a request or a response. */
export type Field = (from: object) => unknown;

/**
 * The faster of two ways to read a field. Node 20 and 22 give every object whose prototype was exchanged, as Express does
 * with each request and response, a shape of its own, so that inline caches never hit: there `Reflect.get` is two to three
 * times faster than a dot. Elsewhere the dot is, written out by who asks, so that it has a cache of its own.
 */
export function field(name: string, dot: (from: Record<string, unknown>) => unknown): Field {
  return copiesShapes ? (from) => Reflect.get(from, name) : (dot as Field);
}

const { process } = globalThis as { process?: { versions?: { node?: string } } };
const copiesShapes: boolean = Number.parseInt(process?.versions?.node ?? '', 10) < 24;
