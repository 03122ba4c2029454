import type { Authenticated } from '../codec/contract.ts';
import type { RequestSession } from '../session/request-session.ts';

/** What meta says of a login of ours, beside what every reader of a record knows. */
export interface Login extends Authenticated {
  /** False: not by a password just now, but by a cookie that remembered, or because something looked odd. */
  readonly fresh?: boolean;
  /** From where, hashed, with `protection`. */
  readonly place?: string;
}

/** A password was right and the second factor is still to come: a login nowhere (R32). */
export interface Pending {
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly until: number;
  readonly methods: readonly string[];
}

/** What meta says as this request has it by now. A look, where the session was not looked at before. */
function meta(session: RequestSession): Readonly<Record<string, unknown>> {
  session.look();
  const { origin, amended } = session;
  const stored = origin.kind === 'record' ? origin.decoded?.meta : undefined;
  return { ...stored, ...amended };
}

/** Who is logged in, by the session; undefined for nobody. */
export function loginOf(session: RequestSession): Login | undefined {
  return meta(session).authenticated as Login | undefined;
}

/** Who has passed the first factor, and in time. */
export function pendingOf(session: RequestSession, now: number): Pending | undefined {
  const pending = meta(session).pending as Pending | undefined;
  return pending !== undefined && pending.until > now ? pending : undefined;
}

/** The keys of the records that end with this session. */
export function linkedTo(session: RequestSession): readonly string[] {
  const { linked } = meta(session);
  return Array.isArray(linked) ? (linked as string[]) : [];
}
