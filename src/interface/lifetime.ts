import type { Meta } from '../codec/contract.ts';
import { type Duration, durationMs } from '../duration.ts';
import { CoatcheckError } from '../errors.ts';

/** How long a session lives: after its last use, and in all. */
export interface LifetimePair {
  idle?: Duration;
  absolute?: Duration;
}

/**
 * Time limits of sessions. Defaults: 1 h idle and 24 h in all (NIST SP 800-63B-4, AAL2); for `session.permanent = true`
 * 31 days idle (Flask's sliding 31 days) and 180 days in all. There is no "never".
 */
export interface LifetimeOptions extends LifetimePair {
  permanent?: LifetimePair;
}

/** Milliseconds. */
interface Limit {
  readonly idle: number;
  readonly absolute: number;
}

const DAY_MS = 86_400_000;
/** Browsers clamp a cookie's life at this (RFC 6265bis 5.5). */
const COOKIE_LIMIT_MS = 400 * DAY_MS;
/** A clock may be this far ahead of ours; beyond it a stored time is unusable (R35). */
const SKEW_MS = 60_000;

/** The rules of time (design: deadline = min(last use + idle, start + absolute)). All times are ms since 1970. */
export class Lifetime {
  readonly #browser: Limit;
  readonly #permanent: Limit;

  constructor(options: LifetimeOptions = {}) {
    checkMembers(options, 'lifetime', ['idle', 'absolute', 'permanent']);
    if (options.permanent !== undefined) checkMembers(options.permanent, 'lifetime.permanent', ['idle', 'absolute']);
    this.#browser = readLimit(options, 'lifetime', { idle: '1h', absolute: '24h' });
    this.#permanent = readLimit(options.permanent ?? {}, 'lifetime.permanent', { idle: '31d', absolute: '180d' });
  }

  #limit(meta: Meta): Limit {
    return meta.permanent === true ? this.#permanent : this.#browser;
  }

  /** When a session used now will end. */
  deadline(meta: Meta, now: number): number {
    return Math.min(now + this.#limit(meta).idle, this.end(meta));
  }

  /** The end that no use moves: from the last real authentication, else from the creation. */
  end(meta: Meta): number {
    return start(meta) + this.#limit(meta).absolute;
  }

  /** The latest end that a record born now can ever have, whatever becomes of it. */
  latest(meta: Meta): number {
    return start(meta) + Math.max(this.#browser.absolute, this.#permanent.absolute);
  }

  /** Whether a use now should move the stored expiry: at most once per tenth of the idle time. */
  touchDue(meta: Meta, expiresAt: number, now: number): boolean {
    const next = this.deadline(meta, now);
    return next > expiresAt && (next - expiresAt) * 10 >= this.#limit(meta).idle;
  }

  /** Judges the times inside a record: fine, slightly ahead of our clock, or not to be believed (R35). */
  judge(meta: Meta, now: number): 'good' | 'ahead' | 'unusable' {
    const latest = Math.max(meta.created, meta.authenticated?.at ?? 0);
    if (latest > now + SKEW_MS) return 'unusable';
    return latest > now ? 'ahead' : 'good';
  }
}

function start(meta: Meta): number {
  return meta.authenticated?.at ?? meta.created;
}

function checkMembers(pair: object, what: string, members: readonly string[]): void {
  if (typeof pair !== 'object' || pair === null || Object.keys(pair).some((name) => !members.includes(name))) {
    throw new CoatcheckError(
      'OPTION_INVALID',
      `${what} is an object of ${members.join(' and ')}: { idle: '1h', absolute: '24h' }.`,
    );
  }
}

function readLimit(pair: LifetimePair, what: string, fallback: Required<LifetimePair>): Limit {
  const idle = durationMs(pair.idle ?? fallback.idle, `${what}.idle`);
  const absolute = durationMs(pair.absolute ?? later(fallback.absolute, idle), `${what}.absolute`);
  if (absolute > COOKIE_LIMIT_MS) {
    throw new CoatcheckError(
      'OPTION_INVALID',
      `${what}.absolute must be at most 400 days, the longest that browsers keep a cookie.`,
    );
  }
  if (idle > absolute) {
    throw new CoatcheckError('OPTION_INVALID', `${what}.idle must not exceed ${what}.absolute.`);
  }
  return { idle, absolute };
}

/** A default never undercuts what was asked for beside it. */
function later(fallback: Duration, idle: number): Duration {
  return idle > durationMs(fallback, 'lifetime') ? { ms: idle } : fallback;
}
