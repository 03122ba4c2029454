import { type Duration, durationMs } from './duration.ts';
import { CoatcheckError } from './errors.ts';
import { reach, type StoreAccess } from './interface/access.ts';
import type { SessionInterface } from './interface/contract.ts';
import { lendKit } from './interface/kit.ts';
import { type CommonOptions, check, checkNames, readCommon } from './interface/options.ts';
import { Records } from './interface/records.ts';
import { denylist, epoch, type Revocation } from './interface/revocation.ts';
import { SealedInterface } from './interface/sealed.ts';
import type { SealedSettings } from './interface/sealed-committer.ts';
import type { CommonSettings } from './interface/settings.ts';
import { type StoreOption, StoreSource } from './interface/store-source.ts';
import { Sweeper } from './interface/sweeper.ts';
import { KeyRing } from './keys/ring.ts';
import { readSecrets, type Secret } from './keys/secret.ts';
import type { Session, SessionData } from './session/types.ts';
import { Budget } from './store/deadline.ts';

/** What every sealed session needs. */
interface SealedBase<D> extends CommonOptions<D> {
  /** At least 32 bytes, used as given. Of several the first one seals and all open: that is how secrets rotate. */
  secret: Secret | readonly Secret[];
}

/**
 * Options of `createCookieSessions`. How a session is ended on the server must be chosen, because a cookie alone
 * cannot be: with `'none'` a copied cookie works until its time is over, whatever logout says (OWASP ASVS 7.4.1).
 */
export type CookieSessionsOptions<D = SessionData> =
  | (SealedBase<D> & { revocation: 'none' })
  | (SealedBase<D> & {
      /** `'denylist'` remembers each ended session; `'epoch'` ends all sessions of an owner at once and needs a login, or `ownerOf`. */
      revocation: 'denylist' | 'epoch';
      /** Where that is remembered. */
      store: StoreOption;
      /** How long one request may wait for it. Default `'2s'`. */
      deadline?: Duration;
      /** How often what it need not remember any more is removed. `false`: never. Default `'10m'`. */
      sweep?: Duration | false;
    });

/** What `createCookieSessions` gives. */
export interface CookieSessions<D = SessionData> extends SessionInterface<Session<D>> {
  /** Connects the store, where there is one. */
  ready(): Promise<void>;
  /** Waits for running commits and closes the store, where there is one that was opened here. */
  close(): Promise<void>;
  /** With `'epoch'`: ends every session of an owner that began before now. @throws CoatcheckError `OWNERS_UNSUPPORTED` */
  revokeAll(owner: string): Promise<void>;
}

/** The longest a cookie can live (ms): how long an epoch must be remembered. */
const LONGEST_LIFE_MS = 400 * 86_400_000;

/**
 * Sessions that are wholly in the cookie, sealed with AES-256-GCM. The simplest mode: no store, at most 3800 bytes, and
 * none of G1 and G2, because two overlapping requests each send a whole session and the browser keeps the last.
 *
 * @throws CoatcheckError `SECRET_REQUIRED`, `SECRET_WEAK`, `OPTION_INVALID`, `OPTION_UNKNOWN`
 *
 * @example
 * const sessions = createCookieSessions({ secret: process.env.SECRET_KEY ?? '', revocation: 'none' });
 */
export function createCookieSessions<D = SessionData>(options: CookieSessionsOptions<D>): CookieSessions<D> {
  checkNames(options, ['secret', 'revocation', 'store', 'deadline', 'sweep']);
  const common = readCommon(options);
  const ring = new KeyRing(readSecrets(options.secret, 'secret'), 'session', common.cookie.name);
  const { revocation: mode } = options;
  check(
    mode === 'none' || mode === 'denylist' || mode === 'epoch',
    "revocation must be chosen: 'none' (logout only clears this browser), 'denylist' or 'epoch' (both need a store)",
  );
  if (mode === 'none') {
    for (const name of ['store', 'deadline', 'sweep']) {
      check(!(name in options), `${name} is of no use with revocation: 'none'; choose 'denylist' or 'epoch'`);
    }
    return lent(
      new SealedSessions<D>({ ...common, ring, revocation: undefined }, undefined, undefined),
      options,
      common,
    );
  }
  check(options.store !== undefined, `revocation: '${mode}' needs a store to remember what was ended`);
  const source = new StoreSource(options.store);
  const deadline = durationMs(options.deadline ?? '2s', 'deadline');
  const { documents, clock, events } = common;
  const { sweep = '10m' } = options;
  const sweeper = new Sweeper(sweep === false ? undefined : durationMs(sweep, 'sweep'), () => clock.now());
  const access = async (): Promise<StoreAccess> => {
    const reached = await reach(source, new Budget(deadline), events);
    sweeper.start(reached.store);
    return reached;
  };
  const context = { access, documents, clock };
  const now = (): number => clock.now();
  const revocation: Revocation =
    mode === 'denylist'
      ? denylist(new Records<number>('sealed-ended', context), now)
      : epoch(new Records<number>('sealed-epoch', context), now, LONGEST_LIFE_MS);
  return lent(new SealedSessions<D>({ ...common, ring, revocation }, source, sweeper), options, common, revocation);
}

/** What is built on sessions knows them by this. */
function lent<S extends object, D>(
  sessions: S,
  { cookie = {} }: CommonOptions<D>,
  { clock, events, documents }: CommonSettings,
  revocation?: Revocation,
): S {
  lendKit(sessions, { clock, events, documents, cookie, records: undefined, revocation, revoking: new Set() });
  return sessions;
}

class SealedSessions<D> extends SealedInterface<D> implements CookieSessions<D> {
  readonly #revocation: Revocation | undefined;
  readonly #source: StoreSource | undefined;
  readonly #sweeper: Sweeper | undefined;

  constructor(settings: SealedSettings, source: StoreSource | undefined, sweeper: Sweeper | undefined) {
    super(settings);
    this.#revocation = settings.revocation;
    this.#source = source;
    this.#sweeper = sweeper;
  }

  async ready(): Promise<void> {
    await this.#source?.open();
  }

  async close(): Promise<void> {
    await this.drain();
    this.#sweeper?.stop();
    await this.#source?.close();
  }

  async revokeAll(owner: string): Promise<void> {
    if (this.#revocation?.mode !== 'epoch') {
      throw new CoatcheckError(
        'OWNERS_UNSUPPORTED',
        "Sealed sessions end by owner only with revocation: 'epoch'. Choose it, or use a store.",
      );
    }
    await this.#revocation.revokeOwner(owner);
  }
}
