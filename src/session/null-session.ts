import { CoatcheckError } from '../errors.ts';

function refuse(): never {
  throw new CoatcheckError(
    'SESSION_UNAVAILABLE',
    'There is no session on this request, so nothing can be kept: its path counts as static, or the interface opened ' +
      'none. Write from another path, or set `staticFiles: true` where such paths need sessions.',
  );
}

async function nothing(callback?: unknown): Promise<void> {
  if (typeof callback === 'function') callback();
}

/** Fails as `regenerate` of a session does: to the callback where there is one. */
function regenerate(options?: unknown, callback: unknown = options): Promise<void> {
  if (typeof callback === 'function') {
    try {
      refuse();
    } catch (error) {
      callback(error);
    }
    return Promise.resolve();
  }
  const refused = (async () => refuse())();
  refused.catch(() => undefined);
  return refused;
}

/** What an empty session answers. Removing from it changes nothing, so it is allowed; only what would be lost throws. */
const members: Readonly<Record<string | symbol, unknown>> = Object.freeze({
  __proto__: null,
  get: (_key: string, fallback?: unknown) => fallback,
  has: () => false,
  delete: () => false,
  pop: (_key: string, fallback?: unknown) => fallback,
  clear: () => undefined,
  keys: () => [],
  entries: () => [],
  toJSON: () => ({}),
  take: async () => undefined,
  set: refuse,
  setDefault: refuse,
  update: refuse,
  assign: refuse,
  handle: undefined,
  isNew: true,
  accessed: false,
  modified: false,
  permanent: false,
  createdAt: undefined,
  expiresAt: undefined,
  load: nothing,
  save: nothing,
  reload: nothing,
  destroy: nothing,
  regenerate,
  [Symbol.toPrimitive]: () => '[object Session]',
  [Symbol.iterator]: () => [][Symbol.iterator](),
});

const traps: ProxyHandler<object> = {
  get: (_target, key) => members[key],
  set: refuse,
  defineProperty: refuse,
  has: () => false,
  deleteProperty: () => true,
};

/**
 * The session of a request that has none: reads are empty, writes throw `SESSION_UNAVAILABLE` and say why, nothing is
 * ever committed (Flask's `NullSession`). One object serves all requests, since it cannot hold anything.
 */
export const nullSession: object = new Proxy({}, traps);

/** Whether this is the null session. */
export function isNullSession(session: object): boolean {
  return session === nullSession;
}
