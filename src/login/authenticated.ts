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

/** What login has in meta. */
interface Said {
  readonly authenticated?: Login;
  readonly pending?: Pending;
  readonly linked?: readonly string[];
  readonly remember?: string;
}

/** What meta says as this request has it by now. */
function said({ origin, amended }: RequestSession): Said {
  const stored = origin.kind === 'record' ? origin.decoded?.meta : undefined;
  return { ...stored, ...amended } as Said;
}

/** Who is logged in, by the session; undefined for nobody. A look, where the session was not looked at before. */
export function loginOf(session: RequestSession): Login | undefined {
  session.look();
  return said(session).authenticated;
}

/** Who has passed the first factor, and in time. A look too. */
export function pendingOf(session: RequestSession, now: number): Pending | undefined {
  session.look();
  const { pending } = said(session);
  return pending !== undefined && pending.until > now ? pending : undefined;
}

/** The user's version that a login's meta speaks of. */
export function versionIn(meta: Readonly<Record<string, unknown>> | undefined): unknown {
  return (meta?.authenticated as Login | undefined)?.version;
}

/** Whether the session, as it stands now, is this user's. No look, and it never throws. */
export function isStill(session: RequestSession, user: string): boolean {
  try {
    session.peek();
    return said(session).authenticated?.user === user;
  } catch {
    return false;
  }
}

/** The keys of the records that end with this session. */
export function linkedTo(session: RequestSession): readonly string[] {
  return said(session).linked ?? [];
}

/** The name of the series that the session came of or began. */
export function rememberedBy(session: RequestSession): string | undefined {
  return said(session).remember;
}
