import type { Data } from '../codec/contract.ts';
import { readCookie } from '../cookie/parse.ts';
import { CoatcheckError } from '../errors.ts';
import { handleOf } from '../keys/ids.ts';
import { behind } from '../session/dictionary.ts';
import type { RequestSession, SessionEngine } from '../session/request-session.ts';
import type { Standing } from '../session/request-state.ts';
import type { Session } from '../session/types.ts';
import type { StoredRecord } from '../store/contract.ts';
import type { ClientSession } from './client-session.ts';
import type { SessionHooks, SessionRequest } from './contract.ts';
import { judge } from './judgement.ts';
import type { CommonSettings } from './settings.ts';
import { standingOf } from './standing.ts';

/** What server-side and sealed sessions do alike: read the cookie, decode, follow the answer on its way. */
export abstract class DictionaryInterface<D, S extends ClientSession> {
  readonly limits: SessionEngine['limits'];
  readonly textOf: SessionEngine['textOf'];
  readonly heldText: SessionEngine['heldText'];
  readonly copyOf: SessionEngine['copyOf'];
  readonly ambient: boolean;
  readonly #settings: CommonSettings;
  readonly #kind: abstract new (
    ...args: never[]
  ) => S;

  /** @param kind the class of the sessions that this interface opens */
  constructor(settings: CommonSettings, kind: abstract new (...args: never[]) => S) {
    const { documents } = settings;
    this.#settings = settings;
    this.#kind = kind;
    this.limits = documents.limits;
    this.textOf = documents.textOf;
    this.heldText = documents.heldText;
    this.copyOf = documents.copyOf;
    this.ambient = settings.ambient;
  }

  /** What the request's cookie says; undefined where there is none, or one that is refused and is to be deleted. */
  protected presented<T>(
    session: S,
    request: SessionRequest,
    header: string | undefined,
    read: (value: string) => T | undefined,
  ): T | undefined {
    const { cookie, events } = this.#settings;
    session.serves(request, this.#settings);
    const found = readCookie(header, cookie.name);
    if (found.kind === 'none') return undefined;
    const ticket = found.kind === 'one' ? read(found.value) : undefined;
    if (ticket !== undefined) return ticket;
    session.cookie = 'delete';
    const reason = found.kind === 'one' ? 'malformed' : found.kind === 'many' ? 'doubled' : 'oversized';
    events.emit('rejected', () => ({ reason }), session);
    return undefined;
  }

  decode(session: RequestSession): void {
    judge(session, this.#settings);
  }

  /** A bound session ends at another address whatever page was asked for; what else is wrong shows at the first look. */
  protected checkPlace(session: S): void {
    if (this.#settings.bind === 'none') return;
    try {
      this.decode(session);
    } catch {
      // The application's own schema threw. It does so again for whoever looks.
    }
  }

  storedData(record: StoredRecord): Data {
    return this.#settings.documents.data(record.document);
  }

  handle(key: string): string {
    return handleOf(key);
  }

  isNull(face: Session<D>): boolean {
    return behind(face) === undefined;
  }

  watch(face: Session<D>, hooks: SessionHooks): void {
    const session = this.behind(face);
    session.onChanged = hooks.changed;
    session.onLate = hooks.late;
    if (session.ending !== undefined) hooks.changed?.();
  }

  sent(face: Session<D>, isPrivate: boolean): void {
    const session = this.behind(face);
    session.wire = 'sent';
    session.privateHead = isPrivate;
    // What was changed while the commit ran came too late for it, and an adapter without a last chunk must be told.
    if (!session.changes.empty || session.handed.size > 0 || session.participants.length > 0) session.onLate?.();
  }

  ended(face: Session<D>): void {
    const session = this.behind(face);
    session.wire = 'ended';
    const { changes, origin, participants } = session;
    if (!session.modified && participants.length === 0) return;
    // That a session which holds nothing is to be permanent was a wish, and no loss.
    const wished = origin.kind === 'none' && participants.length === 0 && [...changes.keys()].length === 0;
    if (!wished) this.lost(session, undefined);
  }

  abandon(face: Session<D>): Promise<unknown> | undefined {
    const session = this.behind(face);
    const { running } = session;
    if (running === undefined) return this.#abandon(session);
    // What an early save stores is stored; what was done since is looked at when it is through.
    session.wire = 'abandoned';
    const rest = (): Promise<unknown> | undefined => this.#abandon(session);
    return running.then(rest, rest);
  }

  #abandon(session: S): Promise<unknown> | undefined {
    session.wire = 'abandoned';
    const { ending } = session;
    session.ending = undefined;
    if (session.modified || session.participants.length > 0) {
      this.#settings.events.emit('abandoned', () => about(session), session);
    }
    session.participants = [];
    if (ending === undefined) return undefined;
    session.forgetChanges({});
    session.ending = ending;
    return this.end(session);
  }

  endAbandoned(session: RequestSession): void {
    const own = this.#own(session);
    const ending = own === undefined ? undefined : this.end(own);
    ending?.catch((error) => this.lost(session, error));
  }

  #own(session: RequestSession): S | undefined {
    return session instanceof this.#kind ? session : undefined;
  }

  /** Carries out an explicit end, which is all that an abandoned request still does. */
  protected abstract end(session: S): Promise<unknown> | undefined;

  lost(session: RequestSession, error: unknown, keys?: readonly string[]): void {
    this.#settings.events.emit(
      'lost',
      () => {
        const what = about(session);
        return { ...what, keys: keys ?? what.keys, error };
      },
      session,
    );
  }

  standing(session: RequestSession): Standing {
    return standingOf(session, this.#settings);
  }

  protected behind(face: Session<D>): S {
    const session = behind(face);
    const own = session === undefined ? undefined : this.#own(session);
    if (own !== undefined) return own;
    throw new CoatcheckError(
      'SESSION_REPLACED',
      'This is not a session that these sessions opened. Use the one of the request.',
    );
  }
}

function about({ origin, changes }: RequestSession): { handle: string | undefined; keys: string[] } {
  return { handle: origin.kind === 'none' ? undefined : handleOf(origin.key), keys: [...changes.keys()] };
}
