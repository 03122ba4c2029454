import { durationMs } from '../duration.ts';
import { CoatcheckError } from '../errors.ts';
import type { Kit } from '../interface/kit.ts';
import type { RecordOptions, Records } from '../interface/records.ts';
import { handleOf, newId } from '../keys/ids.ts';
import type { Fostering } from '../session/engine.ts';
import type { RequestSession } from '../session/request-session.ts';
import { loginOf, rememberedBy, versionIn } from './authenticated.ts';
import { Epochs } from './epoch.ts';
import type { RememberOptions, Remembers, Restoring } from './remember.ts';
import type { RememberCookie } from './remember-cookie.ts';
import {
  hashOf,
  judgeShown,
  newShown,
  openSuccessor,
  readShown,
  type Series,
  type Shown,
  type Successor,
  sealSuccessor,
  written,
} from './series.ts';
import type { LoginUser } from './user.ts';

/** The longest that browsers keep a cookie (ms). */
const LONGEST_MS = 400 * 86_400_000;

/** One request that shows a cookie of a series. */
interface Visit<U extends LoginUser> {
  readonly session: RequestSession;
  readonly fostering: Fostering;
  readonly how: Restoring<U>;
  readonly shown: Shown;
}

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

  begin(session: RequestSession, user: string, duration: number = this.#duration): void {
    const { fostering } = session.engine;
    const end = this.#kit.clock.now() + Math.min(duration, LONGEST_MS);
    const shown = newShown();
    session.amend(this.#link(shown));
    session.join(async () => {
      const epoch = await this.#epochs.of(user);
      const version = versionIn(session.amended);
      const series: Series = { user, hash: hashOf(shown), epoch, version, end, session: keyOf(session) };
      await this.#records.create(shown.name, series, this.#life(series));
      // Who ended the session before there was a series could not end that too.
      if (await fostering?.lives(session)) this.#cookie.set(session, written(shown, shown.secret), end);
      else await this.#records.delete(shown.name);
    });
  }

  /** The series ends with its session, and the session knows it. */
  #link({ name }: Shown): { linked: readonly string[]; remember: string } {
    return { linked: [this.#records.keyOf(name)], remember: name };
  }

  #life({ user, end }: Pick<Series, 'user' | 'end'>): RecordOptions {
    return { expiresIn: { ms: Math.max(1, end - this.#kit.clock.now()) }, owner: user };
  }

  async restore<U extends LoginUser>(session: RequestSession, how: Restoring<U>): Promise<U | undefined> {
    const { fostering } = session.engine;
    const shown = readShown(this.#cookie.value(session));
    if (shown === undefined || fostering === undefined) {
      this.#cookie.delete(session);
      return undefined;
    }
    const series = await this.#records.get(shown.name);
    // No deletion here and below: a slow answer would take the cookie of a login beside it.
    if (series === undefined) return undefined;
    // A cookie is what all this is for.
    session.refuseLate(true);
    const visit: Visit<U> = { session, fostering, how, shown };
    switch (this.#judge(series, shown)) {
      case 'stolen':
        return this.#endStolen(visit, series);
      case 'previous':
        return this.#follow(visit, series);
      default:
        // A session that moved has its new ticket on the way, and one that was ended is not brought back by what was sent before.
        return session.origin.kind === 'closed' ? undefined : this.#renew(visit, series);
    }
  }

  #judge(series: Series, shown: Shown): ReturnType<typeof judgeShown> {
    return judgeShown(series, shown, this.#kit.clock.now());
  }

  /** Whom the series still brings back. */
  async #userOf<U extends LoginUser>(series: Series, how: Restoring<U>): Promise<U | undefined> {
    const user = (await this.#epochs.isCurrent(series.user, series.epoch)) ? await how.load(series.user) : undefined;
    return user !== undefined && versionIn(how.meta(user)) === series.version ? user : undefined;
  }

  /** Makes a session, and claims the series for it. */
  async #renew<U extends LoginUser>(visit: Visit<U>, series: Series): Promise<U | undefined> {
    const { session, fostering, how, shown } = visit;
    const { name } = shown;
    const user = await this.#userOf(series, how);
    if (user === undefined) {
      await this.#records.delete(name);
      return undefined;
    }
    const born = await fostering.bear(session, { ...how.meta(user), ...this.#link(shown) });
    const successor: Successor = { id: born.id, secret: newId() };
    const hash = hashOf(successor);
    const until = this.#kit.clock.now() + this.#grace;
    const previous = { hash: series.hash, until, successor: sealSuccessor(shown, successor) };
    let claimed: Series | undefined;
    try {
      claimed = await this.#records.update(
        name,
        (current) => (current?.hash === series.hash ? { ...current, hash, session: born.key, previous } : current),
        this.#life(series),
      );
    } catch (error) {
      // The series may lead to it by now, and whoever asks again is to find it.
      const unknown = error instanceof CoatcheckError && error.outcome === 'unknown';
      if (!unknown) await fostering.discard(session, born);
      throw error;
    }
    if (claimed?.hash !== hash) {
      await fostering.discard(session, born);
      // Ended meanwhile: what this answer says of cookies could only hit a login beside it.
      if (claimed === undefined) return undefined;
      return this.#judge(claimed, shown) === 'previous'
        ? this.#follow(visit, claimed)
        : this.#endStolen(visit, claimed);
    }
    if (!(await this.#epochs.isCurrent(series.user, series.epoch))) {
      await fostering.discard(session, born);
      await this.#records.delete(name);
      return undefined;
    }
    // Its browser has lost the ticket of the one before: one series, one session.
    await fostering.supersede(session, series.session);
    return this.#goOn(visit, successor, series.end, user);
  }

  /** Goes on with the session that another request made of the same secret. */
  async #follow<U extends LoginUser>(visit: Visit<U>, series: Series): Promise<U | undefined> {
    const successor = openSuccessor(visit.shown, series);
    const user = await this.#userOf(series, visit.how);
    return successor === undefined || user === undefined ? undefined : this.#goOn(visit, successor, series.end, user);
  }

  async #goOn<U extends LoginUser>(
    { session, fostering, how, shown }: Visit<U>,
    { id, secret }: Successor,
    end: number,
    user: U,
  ): Promise<U | undefined> {
    // Logged out again, by another request or by this one: no cookie of any kind.
    if (!how.wanted() || !(await fostering.adopt(session, id))) return undefined;
    this.#cookie.set(session, written(shown, secret), end);
    return user;
  }

  /** Somebody else has had this cookie (R97). */
  async #endStolen<U extends LoginUser>({ session, shown }: Visit<U>, series: Series): Promise<undefined> {
    await this.#endSeries(session, shown.name, series);
    const { events } = this.#kit;
    events.emit('reused', () => ({ user: series.user, handle: handleOf(series.session) }), session);
    return undefined;
  }

  /** The series and its sessions: ending one of them ends both. */
  async #endSeries(session: RequestSession, name: string, series: Series): Promise<void> {
    await session.engine.fostering?.endLinked(session, this.#records.keyOf(name), series.session);
  }

  async end(session: RequestSession, linked: readonly string[]): Promise<void> {
    for (const link of linked) await session.engine.fostering?.endLinked(session, link);
    const shown = readShown(this.#cookie.value(session));
    if (shown === undefined || linked.includes(this.#records.keyOf(shown.name))) return;
    const series = await this.#records.get(shown.name);
    // Who only knows its name may not end it.
    if (series !== undefined && this.#judge(series, shown) !== 'stolen') {
      await this.#endSeries(session, shown.name, series);
    }
  }

  moved(session: RequestSession): void {
    const name = rememberedBy(session);
    if (name === undefined) return;
    const from = keyOf(session);
    session.join(async () => {
      const key = keyOf(session);
      await this.#change(name, (series) => (series.session === from ? { ...series, session: key } : series));
    });
  }

  /** Every series of the owner is worthless from now on, but that of the session that stays. */
  async #revoke(owner: string, except: RequestSession | undefined): Promise<void> {
    const epoch = await this.#epochs.replace(owner);
    const name = except === undefined || loginOf(except)?.user !== owner ? undefined : rememberedBy(except);
    if (name !== undefined && epoch !== undefined) await this.#change(name, (series) => ({ ...series, epoch }));
  }

  /** Changes a series that is still there; its end stays. */
  async #change(name: string, change: (series: Series) => Series): Promise<void> {
    const series = await this.#records.get(name);
    if (series === undefined) return;
    await this.#records.update(name, (current) => current && change(current), this.#life(series));
  }
}

function keyOf({ origin }: RequestSession): string {
  return origin.kind === 'record' ? origin.key : '';
}
