import { IncomingMessage } from 'node:http';
import { type Field, field } from './field.ts';
import { type Carried, innermost } from './slot.ts';

/** A visit whose session is not yet a property of its request. */
interface Presenting extends Carried {
  readonly owned: boolean;
  /** Makes it one. */
  present(): object;
}

const SLOT = Symbol.for('coatcheck.req.session');

/**
 * `req.session` of requests that nobody has asked for it: an accessor on the class of all requests, since a framework
 * inside another exchanges the prototypes beneath. A property of the request's own costs a microsecond and a kilobyte on
 * Node 20 where a framework exchanged its prototype.
 *
 * Whoever asks gets a property of the request's own, and so does whoever puts something there: what other libraries do
 * with the name goes on as it did.
 */
const accessor: PropertyDescriptor & ThisType<object> = {
  get() {
    const visit = innermost(this) as Presenting | undefined;
    return visit === undefined || visit.owned ? undefined : visit.present();
  },
  set(value: unknown) {
    define(this, value);
  },
  configurable: true,
  enumerable: false,
};
Object.assign(accessor.get as object, { [SLOT]: true });

let there: boolean | undefined;

/** Whether the accessor is there: nobody else has the name. */
export function hasAccessor(): boolean {
  there ??= install();
  return there;
}

function install(): boolean {
  const { prototype } = IncomingMessage;
  const own = Object.getOwnPropertyDescriptor(prototype, 'session');
  // Bundlers load modules twice.
  if (own !== undefined) return own.get !== undefined && SLOT in own.get;
  return Reflect.defineProperty(prototype, 'session', accessor);
}

/** Makes `value` a property of the request's own; where there is one already, it takes its place. */
export function define(request: object, value: unknown): void {
  if (there !== true || Object.hasOwn(request, 'session')) (request as { session?: unknown }).session = value;
  else Object.defineProperty(request, 'session', { value, writable: true, enumerable: true, configurable: true });
}

/** What stands in the place of `req.session`. */
export const sessionOn: Field = field('session', (request) => request.session);
