import { dataOf } from '../data.mjs';
import { plainly } from '../rates.mjs';
import { byProperty } from './by-property.mjs';

/** coatcheck from a build, by file URL: so that two builds can be measured in one run. */
async function load(build, module) {
  return import(new URL(module, build).href);
}

async function storeOf({ build, store, client }) {
  if (store === 'memory') return (await load(build, 'store/memory.js')).memoryStore();
  const { openRedis } = await load(build, 'store/redis.js');
  return openRedis({ client });
}

async function mounted(parts, sessions) {
  const { expressSessions } = await load(parts.build, 'http/express.js');
  const { nodeSessions } = await load(parts.build, 'http/node.js');
  return { middleware: expressSessions(sessions), wrap: (route) => nodeSessions(sessions, route) };
}

function handlersOf({ send, size }, sessionOf) {
  return {
    ...byProperty(send, sessionOf, () => dataOf(size)),
    async login(req, res) {
      const session = sessionOf(req);
      await session.regenerate();
      session.user = 'ann';
      send(res, 'ann');
    },
  };
}

const verbs = {
  open: (req) => req.session,
  save: () => {},
  end: (req) => req.session.destroy(),
  async login(req, _res, user) {
    await req.session.regenerate();
    req.session.user = user;
  },
  increment: (session) => session.update('n', (n = 0) => n + 1),
  incrementPlainly: plainly,
};

/** `req.session`, without AsyncLocalStorage. */
export async function coatcheck(parts) {
  const { createSessions } = await load(parts.build, 'index.js');
  const sessions = createSessions({ store: await storeOf(parts), ambient: false });
  return { ...(await mounted(parts, sessions)), verbs, handlers: handlersOf(parts, (req) => req.session) };
}

/** The imported `session`: what a newcomer gets. */
export async function coatcheckAmbient(parts) {
  const { createSessions, session } = await load(parts.build, 'index.js');
  const sessions = createSessions({ store: await storeOf(parts) });
  return { ...(await mounted(parts, sessions)), handlers: handlersOf(parts, () => session) };
}

/** Nothing is read until the handler asks for it. */
export async function coatcheckLazy(parts) {
  const { createSessions } = await load(parts.build, 'index.js');
  const sessions = createSessions({ store: await storeOf(parts), ambient: false, load: 'lazy' });
  const eager = handlersOf(parts, (req) => req.session);
  const loaded = (handler) => async (req, res) => {
    await req.session.load();
    return handler(req, res);
  };
  const handlers = Object.fromEntries(Object.entries(eager).map(([name, handler]) => [name, loaded(handler)]));
  return { ...(await mounted(parts, sessions)), handlers };
}

/** Sealed in the cookie, beside cookie-session and iron-session; no store. */
export async function coatcheckSealed(parts) {
  const { createCookieSessions } = await load(parts.build, 'index.js');
  const sessions = createCookieSessions({ secret: parts.secret, revocation: 'none', ambient: false });
  return { ...(await mounted(parts, sessions)), verbs, handlers: handlersOf(parts, (req) => req.session) };
}

/** Sealed in the cookie, with the ended ones remembered in the store. */
export async function coatcheckDenylist(parts) {
  const { createCookieSessions } = await load(parts.build, 'index.js');
  const { secret } = parts;
  const store = await storeOf(parts);
  const sessions = createCookieSessions({ secret, revocation: 'denylist', store, ambient: false });
  return { ...(await mounted(parts, sessions)), verbs, handlers: handlersOf(parts, (req) => req.session) };
}
