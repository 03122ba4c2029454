import type { RouteName } from './routes.ts';

/** What is measured, and where it makes sense. */
export interface Target {
  /** As the tables call it. */
  readonly title: string;
  readonly redis: boolean;
  /** Whether 10 KB fit. */
  readonly large: boolean;
  readonly ours: boolean;
  /** Only these routes; default all. */
  readonly routes?: readonly RouteName[];
  /** Speaks only node-redis. */
  readonly nodeRedisOnly?: boolean;
}

const SERVER = { redis: true, large: true };
// A browser keeps 4096 bytes of a cookie, name and attributes included.
const COOKIE = { redis: false, large: false };
// No session: what ours on the same routes cannot go below.
const NOTHING = {
  redis: false,
  large: false,
  ours: false,
  routes: ['control', 'nocookie', 'static', 'untouched'],
} as const;

export const TARGETS: Readonly<Record<string, Target>> = {
  bare: { title: 'bare', redis: false, large: true, ours: false },
  middleware: { title: 'a middleware that does nothing', ...NOTHING },
  context: { title: '... but run an AsyncLocalStorage', ...NOTHING },
  floor: {
    title: 'floor: raw GET (+ SET)',
    ...SERVER,
    ours: false,
    routes: ['control', 'read', 'write', 'login'],
  },
  coatcheck: { title: 'coatcheck, `ambient: false`', ...SERVER, ours: true },
  'coatcheck-ambient': { title: 'coatcheck, ambient `session`', ...SERVER, ours: true },
  'coatcheck-lazy': { title: "coatcheck, `load: 'lazy'`", ...SERVER, ours: true },
  'express-session': { title: 'express-session + connect-redis', ...SERVER, ours: false, nodeRedisOnly: true },
  'coatcheck-sealed': { title: 'coatcheck, sealed cookie', ...COOKIE, ours: true },
  'cookie-session': { title: 'cookie-session', ...COOKIE, ours: false },
  'iron-session': { title: 'iron-session', ...COOKIE, ours: false },
};

/** `coatcheck@base` -> `coatcheck`. */
export function plainName(name: string): string {
  return name.split('@')[0] ?? name;
}

export function targetOf(name: string): Target {
  const target = TARGETS[plainName(name)];
  if (target === undefined) throw new Error(`${name} is no target`);
  return target;
}

/** Whose lost-update and revival rates are taken; `coatcheck-denylist` is sealed cookies with revocation: 'denylist'. */
export const RATED: readonly { readonly name: string; readonly title: string }[] = [
  { name: 'floor', title: 'raw GET + SET by hand' },
  { name: 'express-session', title: 'express-session + connect-redis' },
  { name: 'cookie-session', title: 'cookie-session' },
  { name: 'iron-session', title: 'iron-session' },
  { name: 'coatcheck', title: 'coatcheck, Redis' },
  { name: 'coatcheck-denylist', title: "coatcheck, sealed cookie, `revocation: 'denylist'`" },
];
