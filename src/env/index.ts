import { type CookieSessions, type CookieSessionsOptions, createCookieSessions } from '../create-cookie-sessions.ts';
import { createSessions, type Sessions, type SessionsOptions } from '../create-sessions.ts';
import { CoatcheckError } from '../errors.ts';
import type { RevocationMode } from '../interface/revocation.ts';
import { readSecrets } from '../keys/secret.ts';
import type { SessionData } from '../session/types.ts';
import { PREFIXED_SCHEMES, STORE_SCHEMES, storeFromUrl } from '../url.ts';
import type { Environment } from './given.ts';
import { merge } from './merge.ts';
import { type ReadSettings, readSettings } from './read.ts';
import type { Said } from './said.ts';
import { wrong } from './values.ts';

export type { Environment } from './given.ts';

/** What cannot stand in an environment, and what the application decides by itself. */
export interface EnvOptions<D = SessionData> extends SessionsOptions<D> {
  /** `'store'`: the application lists, revokes or keeps records, which only sessions in a store can: `cookie` is refused. */
  needs?: 'store';
  /** With `SESSION_TYPE=cookie`, unless `SESSION_REVOCATION` says it. Not looked at otherwise. */
  revocation?: RevocationMode;
}

/** What `createCookieSessions` does not know. */
const STORE_ONLY = ['tickets', 'acceptPlainUntil', 'load', 'onStoreError', 'maxPerOwner'];

/**
 * Sessions from the settings that users of Flask, Flask-Session and Quart-Session know: SESSION_TYPE, SESSION_URI,
 * SECRET_KEY, SESSION_COOKIE_NAME and the others of docs/settings.md. What is not set has the defaults of
 * `createSessions`, and not Flask's; empty text is not set. A setting that cannot be honoured is refused with what to
 * write instead, and so is an unknown name that begins with `SESSION_`.
 *
 * The store is opened by `await sessions.ready()`, else by the first request, and closed by `sessions.close()`.
 *
 * `SESSION_TYPE=cookie` gives `CookieSessions`, everything else `Sessions`; both go into every adapter. With
 * `needs: 'store'` it is always `Sessions`.
 *
 * @param env `process.env`, or whatever holds the settings as text
 * @param options what cannot stand in an environment, such as `ownerOf`. Saying the same thing in both and differently
 * is an error
 * @throws CoatcheckError `SETTING_INVALID`, which names the setting and never its value; `SECRET_WEAK`,
 * `SECRET_REQUIRED`; and what `createSessions` and `createCookieSessions` throw for options
 *
 * @example
 * // SESSION_TYPE=redis node server.js
 * const sessions = await sessionsFromEnv(process.env);
 * await sessions.ready();
 *
 * @example
 * const sessions = await sessionsFromEnv<{ user: string }>(process.env, { needs: 'store', ownerOf: ({ user }) => user });
 */
export async function sessionsFromEnv<D = SessionData>(
  env: Environment,
  options: EnvOptions<D> & { needs: 'store' },
): Promise<Sessions<D>>;
export async function sessionsFromEnv<D = SessionData>(
  env: Environment,
  options?: EnvOptions<D>,
): Promise<Sessions<D> | CookieSessions<D>>;
export async function sessionsFromEnv<D = SessionData>(
  env: Environment,
  { needs, ...options }: EnvOptions<D> = {},
): Promise<Sessions<D> | CookieSessions<D>> {
  const settings = readSettings(env, { all: STORE_SCHEMES, prefixed: PREFIXED_SCHEMES });
  if (needs !== undefined && needs !== 'store') {
    throw new CoatcheckError('OPTION_INVALID', "needs must be 'store', or left out.");
  }
  if (needs === 'store' && settings.kind === 'cookie') {
    throw wrong('SESSION_TYPE', 'is cookie, and this application needs a store: write SESSION_URI instead');
  }
  const merged = { ...merge(options, settings.said), ...storeOption(settings, options.store !== undefined) };
  try {
    return settings.kind === 'store' ? stored<D>(merged) : sealed<D>(merged, settings.store?.settings);
  } catch (error) {
    throw naming(error, settings.said);
  }
}

function stored<D>({ revocation: _, ...options }: Record<string, unknown>): Sessions<D> {
  if (options.store === undefined) {
    throw wrong(
      'SESSION_URI',
      'is not set, and neither is SESSION_TYPE: write SESSION_URI=redis://127.0.0.1:6379 or SESSION_URI=sqlite:./sessions.db, or SESSION_TYPE=memory for development',
    );
  }
  if (options.tickets === 'signed' && options.secret === undefined) readSecrets(undefined, 'SECRET_KEY');
  return createSessions<D>(options as SessionsOptions<D>);
}

function sealed<D>(options: Record<string, unknown>, named = 'The option store'): CookieSessions<D> {
  const { revocation, store } = options;
  const alien = STORE_ONLY.find((name) => options[name] !== undefined);
  if (alien !== undefined) {
    throw wrong('SESSION_TYPE', `is cookie, and the option ${alien} is for sessions in a store: leave one of them out`);
  }
  if (options.secret === undefined) readSecrets(undefined, 'SECRET_KEY');
  if (revocation === undefined) {
    throw wrong(
      'SESSION_REVOCATION',
      'must be chosen with SESSION_TYPE=cookie: none (logout only clears this browser), denylist or epoch (both need SESSION_URI)',
    );
  }
  if (revocation === 'none' && store !== undefined) {
    throw wrong(named, 'is of no use with SESSION_TYPE=cookie and SESSION_REVOCATION=none, which store nothing');
  }
  if (revocation !== 'none' && store === undefined) {
    throw wrong('SESSION_REVOCATION', 'needs SESSION_URI: the store that remembers what was ended');
  }
  return createCookieSessions<D>(options as unknown as CookieSessionsOptions<D>);
}

/** A function, so that nothing connects before it is needed and `close()` closes what was opened. */
function storeOption({ store }: ReadSettings, inCode: boolean): { store?: SessionsOptions['store'] } {
  if (store === undefined) return {};
  const { url, prefix, table, schema, settings } = store;
  if (inCode) throw wrong(`${settings} and the option store`, 'both name a store. Leave one of them out');
  return {
    store: () => storeFromUrl(url, { ...(prefix && { prefix }), ...(table && { table }), ...(schema && { schema }) }),
  };
}

/** Who set it in the environment looks for the name that stands there. */
function naming(error: unknown, said: readonly Said[]): unknown {
  if (!(error instanceof CoatcheckError) || error.code !== 'OPTION_INVALID') return error;
  const from = said.filter(({ path }) => new RegExp(`\\b${path[0]}\\b`).test(error.message));
  if (from.length === 0) return error;
  const names = from.map(({ setting }) => setting).join(', ');
  return new CoatcheckError('SETTING_INVALID', `${error.message} In the environment: ${names}.`, { cause: error });
}
