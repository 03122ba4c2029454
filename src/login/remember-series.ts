import { type Duration, durationMs } from '../duration.ts';
import type { Kit } from '../interface/kit.ts';
import type { Records } from '../interface/records.ts';
import { equal } from '../keys/equal.ts';
import { sha256 } from '../keys/hash.ts';
import { handleOf, isId, newId } from '../keys/ids.ts';
import { KeyRing } from '../keys/ring.ts';
import { open, seal } from '../keys/seal.ts';
import { readSecrets } from '../keys/secret.ts';
import type { Fostering } from '../session/engine.ts';
import type { RequestSession } from '../session/request-session.ts';
import { loginOf } from './authenticated.ts';
import { Epochs } from './epoch.ts';
import type { RememberOptions, Remembers, Restoring } from './remember.ts';
import type { RememberCookie } from './remember-cookie.ts';
import type { LoginUser } from './user.ts';

/** What the store holds of one remembered browser: hashes, and nothing that could be shown to us as a cookie. */
interface Series {
  readonly user: string;
  /** Of the secret that counts. */
  readonly hash: string;
  readonly epoch: string;
  /** Moved by no use (ms since 1970). */
  readonly end: number;
  /** The key of the living session that came of it. */
  readonly session: string;
  /** Of the secret before, whose holders are led on for a while: to the session's id and the new secret, sealed for them. */
  readonly previous?: { readonly hash: string; readonly until: number; readonly successor: string };
}

/** A cookie as it was shown. */
interface Shown {
  /** The series by its hash: the name of its record. */
  readonly name: string;
  readonly secret: string;
  /** The series as the cookie has it, to be sent back. */
  readonly series: string;
}

interface Successor {
  readonly id: string;
  readonly secret: string;
}

/** The longest that browsers keep a cookie (ms). */
const LONGEST_MS = 400 * 86_400_000;

/**
 * Remembering in the store (R96 to R99): the cookie names a series and shows a secret, which is replaced whenever it
 * brings its user back. The compare-and-set on the series is the point of decision: of requests that show the same
 * secret at the same time one makes the session that all of them go on with. A secret that was replaced longer ago than
 * the grace was copied by somebody: the series ends, and the session that came of it.
 */
export class RememberSeries implements Remembers {
  readonly #kit: Kit;
  readonly #cookie: RememberCookie;
  readonly #records: Records<Series>;
  readonly #epochs: Epochs;
  /** ms */
  readonly #duration: number;
  /** ms */
  readonly #grace: number;

  constructor(
    options: RememberOptions,
    kit: Kit & { readonly records: NonNullable<Kit['records']> },
    cookie: RememberCookie,
  ) {
    this.#kit = kit;
    this.#cookie = cookie;
    this.#records = kit.records<Series>('remember');
    this.#epochs = new Epochs(kit.records<string>('login-epoch'), LONGEST_MS);
    this.#duration = durationMs(options.duration ?? '30d', 'remember.duration');
    this.#grace = durationMs(options.grace ?? '20s', 'remember.grace');
    kit.revoking.add((owner, except) => this.#revoke(owner, except));
  }

  begin(session: RequestSession, user: string, duration: Duration | undefined): void {
    const now = this.#kit.clock.now();
    const life = duration === undefined ? this.#duration : durationMs(duration, 'duration');
    const end = now + Math.min(life, LONGEST_MS);
    const series = newId();
    const secret = newId();
    const name = sha256(series, 'hex');
    session.amend(this.#link(name));
    session.join(async () => {
      const epoch = await this.#epochs.of(user);
      const value = { user, hash: sha256(secret, 'hex'), epoch, end, session: keyOf(session) };
      await this.#records.create(name, value, this.#life(value));
      this.#cookie.set(session, `${series}.${secret}`, end);
    });
  }

  /** The series ends with its session, and the session knows it. */
  #link(name: string): { linked: readonly string[]; remember: string } {
    return { linked: [this.#records.keyOf(name)], remember: name };
  }

  #life({ user, end }: Pick<Series, 'user' | 'end'>): { expiresIn: { ms: number }; owner: string } {
    return { expiresIn: { ms: Math.max(1, end - this.#kit.clock.now()) }, owner: user };
  }

  async restore<U extends LoginUser>(session: RequestSession, how: Restoring<U>): Promise<U | undefined> {
    const { fostering } = session.engine;
    const shown = this.#read(session);
    const series = shown && (await this.#records.get(shown.name));
    if (fostering === undefined || shown === undefined || series === undefined) return this.#refuse(session);
    // A cookie is what all this is for.
    session.refuseLate(true);
    switch (this.#judge(series, shown)) {
      case 'stolen':
        return this.#end(session, shown, series);
      case 'previous':
        return this.#follow(session, how, fostering, shown, series);
      default:
        return this.#renew(session, how, fostering, shown, series);
    }
  }

  #read(session: RequestSession): Shown | undefined {
    const [series = '', secret = '', ...more] = this.#cookie.value(session)?.split('.') ?? [];
    if (!isId(series) || !isId(secret) || more.length > 0) return undefined;
    return { series, secret, name: sha256(series, 'hex') };
  }

  #judge({ hash, previous }: Series, { secret }: Shown): 'current' | 'previous' | 'stolen' {
    const own = sha256(secret, 'hex');
    if (equal(own, hash)) return 'current';
    const led = previous !== undefined && equal(own, previous.hash) && this.#kit.clock.now() < previous.until;
    return led ? 'previous' : 'stolen';
  }

  /** Nothing comes of the cookie any more. */
  #refuse(session: RequestSession): undefined {
    this.#cookie.delete(session);
    return undefined;
  }

  /** Makes a session, and claims the series for it. */
  async #renew<U extends LoginUser>(
    session: RequestSession,
    how: Restoring<U>,
    fostering: Fostering,
    shown: Shown,
    series: Series,
  ): Promise<U | undefined> {
    const { name } = shown;
    const user = (await this.#epochs.isCurrent(series.user, series.epoch)) ? await how.load(series.user) : undefined;
    if (user === undefined) {
      await this.#records.delete(name);
      return this.#refuse(session);
    }
    const born = await fostering.bear(session, { ...how.meta(user), ...this.#link(name) });
    const successor: Successor = { id: born.id, secret: newId() };
    const hash = sha256(successor.secret, 'hex');
    const until = this.#kit.clock.now() + this.#grace;
    const previous = { hash: series.hash, until, successor: seal(ringOf(shown), JSON.stringify(successor)) };
    let claimed: Series | undefined;
    try {
      claimed = await this.#records.update(
        name,
        (current) =>
          current === undefined || !equal(current.hash, series.hash)
            ? current
            : { ...current, hash, session: born.key, previous },
        this.#life(series),
      );
    } catch (error) {
      await fostering.discard(session, born);
      throw error;
    }
    if (claimed?.hash !== hash) {
      await fostering.discard(session, born);
      // Ended meanwhile: what this answer says of cookies could only hit a login beside it.
      if (claimed === undefined) return undefined;
      return this.#judge(claimed, shown) === 'previous'
        ? this.#follow(session, how, fostering, shown, claimed)
        : this.#end(session, shown, claimed);
    }
    if (!(await this.#epochs.isCurrent(series.user, series.epoch))) {
      await fostering.discard(session, born);
      await this.#records.delete(name);
      return undefined;
    }
    return this.#goOn(session, fostering, shown, successor, series.end, user);
  }

  /** Goes on with the session that another request made of the same secret. */
  async #follow<U extends LoginUser>(
    session: RequestSession,
    how: Restoring<U>,
    fostering: Fostering,
    shown: Shown,
    series: Series,
  ): Promise<U | undefined> {
    const text = open(ringOf(shown), series.previous?.successor ?? '')?.text;
    const user = text === undefined ? undefined : await how.load(series.user);
    if (text === undefined || user === undefined) return this.#refuse(session);
    return this.#goOn(session, fostering, shown, JSON.parse(text) as Successor, series.end, user);
  }

  async #goOn<U extends LoginUser>(
    session: RequestSession,
    fostering: Fostering,
    { series }: Shown,
    { id, secret }: Successor,
    end: number,
    user: U,
  ): Promise<U | undefined> {
    // Logged out again by another request: no cookie of any kind.
    if (!(await fostering.adopt(session, id))) return undefined;
    this.#cookie.set(session, `${series}.${secret}`, end);
    return user;
  }

  /** Somebody else has had this cookie (R97). */
  async #end(session: RequestSession, { name }: Shown, series: Series): Promise<undefined> {
    await this.#records.delete(name);
    await session.engine.fostering?.end(session, series.session);
    const { events } = this.#kit;
    events.emit('reused', () => ({ user: series.user, handle: handleOf(series.session) }), session);
    return this.#refuse(session);
  }

  forget(session: RequestSession, linked: readonly string[]): void {
    const shown = this.#read(session);
    if (shown === undefined && linked.length === 0) return;
    session.join(async () => {
      await session.engine.fostering?.unlink(session, linked);
      if (shown === undefined || linked.includes(this.#records.keyOf(shown.name))) return;
      const series = await this.#records.get(shown.name);
      // Who only knows its name may not end it.
      if (series !== undefined && this.#judge(series, shown) !== 'stolen') await this.#records.delete(shown.name);
    });
  }

  moved(session: RequestSession): void {
    const name = rememberedBy(session);
    if (name === undefined) return;
    session.join(async () => {
      const key = keyOf(session);
      await this.#records.update(name, (series) => series && { ...series, session: key }, {
        expiresIn: { ms: await this.#rest(name) },
      });
    });
  }

  /** How long a series still has, in ms: an update says it again. */
  async #rest(name: string): Promise<number> {
    const series = await this.#records.get(name);
    return Math.max(1, (series?.end ?? 0) - this.#kit.clock.now());
  }

  /** Every series of the owner is worthless from now on, but that of the session that stays. */
  async #revoke(owner: string, except: RequestSession | undefined): Promise<void> {
    const epoch = await this.#epochs.replace(owner);
    const name = except === undefined || loginOf(except)?.user !== owner ? undefined : rememberedBy(except);
    if (name === undefined) return;
    await this.#records.update(name, (series) => series && { ...series, epoch }, {
      expiresIn: { ms: await this.#rest(name) },
    });
  }
}

/** The name of the series that a session came of or began. */
function rememberedBy(session: RequestSession): string | undefined {
  const stored = session.origin.kind === 'record' ? session.origin.decoded?.meta : undefined;
  return { ...stored, ...session.amended }.remember as string | undefined;
}

function keyOf({ origin }: RequestSession): string {
  return origin.kind === 'record' ? origin.key : '';
}

/** Only the holders of the previous secret can open what is sealed by this. */
function ringOf({ secret, name }: Shown): KeyRing {
  return new KeyRing(readSecrets(secret, 'remember'), 'remember-successor', name);
}
