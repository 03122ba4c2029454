import type { CookieOptions } from '../cookie/options.ts';
import { type Duration, durationMs } from '../duration.ts';
import { CoatcheckError } from '../errors.ts';
import { addressGroup } from '../interface/address.ts';
import type { SessionInterface } from '../interface/contract.ts';
import { kitOf } from '../interface/kit.ts';
import { hashName } from '../keys/ids.ts';
import { checkOptionNames } from '../option-names.ts';
import { current } from '../session/ambient.ts';
import { behind } from '../session/dictionary.ts';
import type { RequestSession } from '../session/request-session.ts';
import { foldedName } from './account-name.ts';
import { DeviceCookie } from './device-cookie.ts';
import { type Devices, MemoryDevices, StoredDevices } from './devices.ts';
import { type Bound, MemoryTally, StoredTally, type Tally } from './tally.ts';

/** How many failures count, and for how long. */
export interface LimitOption {
  failures: number;
  within: Duration;
}

/** Options of `createLimiter`. */
export interface LimiterOptions {
  /** What `createSessions` or `createCookieSessions` returned. */
  sessions: SessionInterface<never> | object;
  /** Failed attempts at one account, from all browsers together that it does not know. Default 10 within `'15m'`. */
  account?: LimitOption;
  /** Failed attempts from one address, or one IPv6 network of 64 bits. Default 100 within `'15m'`. */
  address?: LimitOption;
  /** Failed attempts at one account from one browser that it knows. Default 10 within `'15m'`. */
  device?: LimitOption;
  /** True: counts in the sessions' store, for all processes together. Default false: in memory, so that failures store nothing. */
  store?: boolean;
  /** The cookie by which an account knows a browser. Default: the session cookie's scope, and the name `__Host-device`. */
  cookie?: CookieOptions;
}

/** One attempt to log in. It counts as failed until it is said to have succeeded. */
export interface Attempt {
  /** False: too many have failed. Verify a password all the same, so that the answer takes as long (R101), and refuse. */
  readonly allowed: boolean;
  /** It was the right password of an account that may log in: counts no more, and the account knows this browser. */
  succeeded(): Promise<void>;
}

export interface Limiter {
  /**
   * Counts an attempt at an account.
   *
   * @param account what the visitor typed, whether there is such an account or not
   * @param session default: the ambient one
   * @throws what the store says, with `store: true`
   */
  attempt(account: string, session?: object): Promise<Attempt>;
}

/**
 * Bounds failed logins by account and by address, without letting strangers lock anybody out: a browser that an account
 * has been logged in with before is counted apart from all others (R102; OWASP's device cookies).
 *
 * @throws CoatcheckError `OPTION_UNKNOWN`, `OPTION_INVALID`
 *
 * @example
 * const limiter = createLimiter({ sessions });
 * const attempt = await limiter.attempt(name);
 * const user = await verify(name, password); // always, and always for as long
 * if (!attempt.allowed || user === undefined || !login.loginUser(user)) return refuse();
 * await attempt.succeeded();
 */
export function createLimiter(options: LimiterOptions): Limiter {
  checkOptionNames(options, {
    names: ['sessions', 'account', 'address', 'device', 'store', 'cookie'],
    habits: { max: 'Write account: { failures: 10, within: "15m" }', windowMs: 'Write within: "15m"' },
    example: 'createLimiter({ sessions, account: { failures: 10, within: "15m" } })',
  });
  const { sessions, store = false, cookie = {} } = options;
  const kit = kitOf(sessions);
  const { records } = kit;
  if (typeof store !== 'boolean') throw new CoatcheckError('OPTION_INVALID', 'store must be true or false.');
  if (store && records === undefined) {
    throw new CoatcheckError('OPTION_INVALID', 'store: true counts in the sessions’ store, and these have none.');
  }
  const stored = store ? records : undefined;
  return new DeviceLimiter({
    tally: stored === undefined ? new MemoryTally(kit.clock) : new StoredTally(kit.clock, stored('login-attempts')),
    devices: stored === undefined ? new MemoryDevices() : new StoredDevices(stored('login-devices')),
    cookie: new DeviceCookie(cookie, kit),
    account: boundOf(options.account, 'account', 10),
    address: boundOf(options.address, 'address', 100),
    device: boundOf(options.device, 'device', 10),
  });
}

function boundOf(option: LimitOption | undefined, name: string, failures: number): Bound {
  const given = option ?? { failures, within: '15m' };
  checkOptionNames(given, {
    whose: `${name}: `,
    names: ['failures', 'within'],
    habits: { max: 'Write failures: 10', windowMs: "Write within: '15m'", window: "Write within: '15m'" },
    example: `${name}: { failures: 10, within: '15m' }`,
  });
  if (!Number.isSafeInteger(given.failures) || given.failures < 1) {
    throw new CoatcheckError('OPTION_INVALID', `${name}.failures must be a whole number above zero.`);
  }
  return { failures: given.failures, within: durationMs(given.within, `${name}.within`) };
}

/** By which name an attempt counts, and how often it may. */
type Counted = readonly [name: string, bound: Bound];

interface Parts {
  readonly tally: Tally;
  readonly devices: Devices;
  readonly cookie: DeviceCookie;
  readonly account: Bound;
  readonly address: Bound;
  readonly device: Bound;
}

class DeviceLimiter implements Limiter {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async attempt(account: string, session: object = current()): Promise<Attempt> {
    const own = behind(session);
    if (own === undefined || typeof account !== 'string') {
      throw new CoatcheckError(
        'USAGE',
        'limiter.attempt takes the name that was typed, and a session: attempt(name, req.session).',
      );
    }
    const { tally, devices, cookie } = this.#parts;
    // R87: what strangers type is kept as a hash, of one length whatever they type.
    const who = hashName(foldedName(account));
    const shown = cookie.read(own);
    const known = shown !== undefined && (await devices.knows(who, shown));
    const bounds = known ? [this.#ofDevice(who, shown)] : this.#ofStranger(who, own.address);
    const counted: Counted[] = [];
    let allowed = true;
    for (const [name, bound] of bounds) {
      counted.push([name, bound]);
      allowed = (await tally.add(name, bound)) <= bound.failures;
      if (!allowed) break;
    }
    return {
      allowed,
      succeeded: async () => {
        await Promise.all(counted.splice(0).map(([name, bound]) => tally.takeBack(name, bound)));
        if (!known) await this.#learn(own, who);
      },
    };
  }

  /** Apart from all others, also from those at the same address: none of them can lock it out. */
  #ofDevice(who: string, device: string): Counted {
    return [`device:${who}:${device}`, this.#parts.device];
  }

  /** The address first: one that has had its tries counts nowhere else, so that it cannot use up what is kept in memory. */
  #ofStranger(who: string, address: string | undefined): Counted[] {
    const byAccount: Counted = [`account:${who}`, this.#parts.account];
    const from = addressGroup(address);
    return from === undefined ? [byAccount] : [[`address:${from}`, this.#parts.address], byAccount];
  }

  async #learn(session: RequestSession, who: string): Promise<void> {
    const { devices, cookie } = this.#parts;
    await devices.learn(who, cookie.give(session));
  }
}
