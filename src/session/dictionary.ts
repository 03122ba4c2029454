import { CoatcheckError } from '../errors.ts';
import { isMutable, own, refuseForbidden } from './data.ts';
import { hintHabit } from './hints.ts';
import { copyData, member } from './members.ts';
import type { RequestSession } from './request-session.ts';
import type { Session } from './types.ts';

const CORE: unique symbol = Symbol.for('coatcheck.session');
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** The dictionary-like face of a request's session: what handlers hold. */
export function dictionary<D>(session: RequestSession): Session<D> {
  return new Proxy(new Shell(session), traps) as unknown as Session<D>;
}

/**
 * The same for a session that is made when somebody first asks it anything.
 *
 * @param asked called once, when it has been made
 */
export function dictionaryLater<D>(make: () => RequestSession, asked: () => void): Session<D> {
  return new Proxy(new Shell({ make, asked }), traps) as unknown as Session<D>;
}

/** The request's session behind its face; undefined for anything else. */
export function behind(face: object): RequestSession | undefined {
  return (face as { [CORE]?: RequestSession })[CORE];
}

interface Unmade {
  readonly make: () => RequestSession;
  readonly asked: () => void;
}

/**
 * The proxy's target. Node inspects a proxy's target, so what console.log prints is decided here; and the session is a
 * private field of it, so that no inspector and no failed assertion prints the ticket (R104).
 */
class Shell {
  #session: RequestSession | Unmade;

  constructor(session: RequestSession | Unmade) {
    this.#session = session;
  }

  static session(shell: Shell): RequestSession {
    const session = shell.#session;
    if (!('make' in session)) return session;
    const made = session.make();
    shell.#session = made;
    session.asked();
    return made;
  }

  [INSPECT](_depth: number, options: unknown, inspect: (value: unknown, options: unknown) => string): string {
    // Called on the proxy, whose private fields are not the target's.
    const session = #session in this ? Shell.session(this) : behind(this);
    return `Session ${inspect(session && describe(session), options)}`;
  }
}

/** For logs: the data, or why there is none. Logging is no look. */
function describe(session: RequestSession): unknown {
  try {
    return copyData(session, session.peek());
  } catch (error) {
    return { unavailable: error instanceof CoatcheckError ? error.code : 'error' };
  }
}

function* pairs(session: RequestSession): Generator<[string, unknown]> {
  yield* Object.entries(copyData(session));
}

/** Refuses a name under which a property would never be seen, or would hide what the session does. */
function refuseReserved(name: string): void {
  refuseForbidden(name);
  if (member(name) === undefined) return;
  throw new CoatcheckError(
    'KEY_RESERVED',
    `session.${name} belongs to the session itself. For data under this key use session.set('${name}', value), get and delete.`,
  );
}

/** Writes a property as a key of the data. */
function assignProperty(session: RequestSession, name: string, value: unknown): void {
  if (name === 'permanent') {
    session.permanent = Boolean(value);
    return;
  }
  refuseReserved(name);
  session.set(name, value);
}

const traps: ProxyHandler<Shell> = {
  get(shell, name, self) {
    const session = Shell.session(shell);
    if (typeof name === 'symbol') {
      if (name === CORE) return session;
      if (name === Symbol.iterator) return () => pairs(session);
      if (name === Symbol.toPrimitive) return () => '[object Session]';
      return name === Symbol.toStringTag ? 'Session' : Reflect.get(shell, name);
    }
    const read = member(name);
    if (read !== undefined) return read(session, self);
    const value = session.get(name);
    if (value === undefined) hintHabit(name);
    return value;
  },

  set(shell, name, value) {
    // What libraries attach under a symbol lives as long as the request and is no data.
    if (typeof name === 'symbol') return name !== CORE && Reflect.set(shell, name, value);
    assignProperty(Shell.session(shell), name, value);
    return true;
  },

  has(shell, name) {
    if (typeof name === 'symbol') return Reflect.has(shell, name);
    return name !== 'then' && Shell.session(shell).has(name);
  },

  deleteProperty(shell, name) {
    if (typeof name === 'symbol') return name !== CORE && Reflect.deleteProperty(shell, name);
    refuseReserved(name);
    Shell.session(shell).delete(name);
    return true;
  },

  ownKeys(shell) {
    const session = Shell.session(shell);
    return Object.keys(session.look());
  },

  getOwnPropertyDescriptor(shell, name) {
    const session = Shell.session(shell);
    if (typeof name === 'symbol' || !session.has(name)) return undefined;
    const value = own(session.look(), name);
    const copy = isMutable(value) ? session.engine.copyOf(value) : value;
    return { value: copy, writable: true, enumerable: true, configurable: true };
  },

  defineProperty(shell, name, descriptor) {
    const session = Shell.session(shell);
    if (typeof name === 'symbol' || !('value' in descriptor)) return false;
    assignProperty(session, name, descriptor.value);
    return true;
  },

  getPrototypeOf() {
    return Object.prototype;
  },

  setPrototypeOf() {
    return false;
  },

  preventExtensions() {
    return false;
  },
};
