import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Duration, durationMs } from '../duration.ts';
import type { SessionInterface, SessionRequest } from '../interface/contract.ts';
import { kitOf } from '../interface/kit.ts';
import type { AnonymousUser, Login } from '../login/index.ts';
import { idOf, type LoginUser } from '../login/user.ts';
import { checkOptionNames } from '../option-names.ts';
import { runWith } from '../session/ambient.ts';
import { behind } from '../session/dictionary.ts';
import type { Session } from '../session/types.ts';
import { askedAgain, withCookie } from './asked-again.ts';
import { NodeSessionRequest } from './node-request.ts';
import { OpenSockets } from './open-sockets.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { SocketOrigins } from './socket-origins.ts';

/** A WebSocket as the package `ws` has it. */
export interface SocketLike {
  close(code?: number, reason?: string): void;
  /** At once, for a page that does not answer `close`. */
  terminate?(): void;
  on(event: 'close', listener: () => void): unknown;
}

/** A `WebSocketServer` of the package `ws`, with `noServer: true`. */
export interface SocketServerLike<Socket extends SocketLike> {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: (socket: Socket) => void): void;
  on(event: 'headers', listener: (headers: string[], request: IncomingMessage) => void): unknown;
}

/** Who opened a socket. */
export interface SocketVisitor<D, U, A> {
  /** The session as it was at the upgrade. Writes throw `SESSION_CLOSED`: there is no answer to store them with. */
  readonly session: Session<D>;
  /** Who was logged in then; undefined without `login`. */
  readonly user: U | A | undefined;
  /** The session as it is now. @throws what the store says */
  reload(): Promise<Session<D>>;
}

/** Options of `nodeSockets`. */
export interface NodeSocketsOptions<U extends LoginUser, A> {
  /** Who is there is looked up at each upgrade, and a socket is closed when that is over. */
  login?: Login<U, A>;
  /** With `login`: who is not logged in is refused with 401. Default false. */
  loginRequired?: boolean;
  /** Where this application is reached, as browsers write it. Default: as for the session's other requests. */
  publicOrigin?: string;
  /** Others that may open sockets. Default none. */
  allowedOrigins?: readonly string[];
  /** How often each session is looked at again. Default `'30s'`. */
  recheck?: Duration;
}

/** A policy was violated (RFC 6455 section 7.4.1): the session is over. */
const SESSION_OVER = 1008;

/** The server failed (the same section). */
const FAILED = 1011;

/** How long a page may take to agree that its socket is over; until then what it sends is still heard (ms). */
const LAST_WORDS_MS = 1000;

/**
 * WebSockets with a session, for `ws` over node:http: the page that opens one must be ours (an upgrade is a GET, and no
 * token guards it), the visitor's session and user are there, and the socket is closed when the session ends: at once
 * where this process ends it, else within `recheck` (R70). While the store does not answer a socket is kept for three
 * such intervals.
 *
 * @throws CoatcheckError `OPTION_UNKNOWN`, `OPTION_INVALID`
 *
 * @example
 * const wss = new WebSocketServer({ noServer: true });
 * const upgrade = nodeSockets(sessions, wss, (socket, { user }) => socket.send(`Hello ${user?.name}`), { login, loginRequired: true });
 * server.on('upgrade', upgrade);
 */
export function nodeSockets<D, Socket extends SocketLike, U extends LoginUser = LoginUser, A = AnonymousUser>(
  sessions: SessionInterface<Session<D>>,
  server: SocketServerLike<Socket>,
  opened: (socket: Socket, visitor: SocketVisitor<D, U, A>, request: IncomingMessage) => void,
  options: NodeSocketsOptions<U, A> = {},
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  checkOptionNames(options, {
    names: ['login', 'loginRequired', 'publicOrigin', 'allowedOrigins', 'recheck'],
    habits: { verifyClient: 'Write allowedOrigins, and refuse users in the handler' },
    example: "nodeSockets(sessions, wss, opened, { login, publicOrigin: 'https://app.example' })",
  });
  const { login, loginRequired = false } = options;
  const origins = new SocketOrigins(options);
  const open = async (request: SessionRequest): Promise<Session<D> | undefined> => {
    const session = await sessions.open(request);
    if (session !== undefined && behind(session)?.mustLoad === true) await session.load();
    return session;
  };
  const sockets = new OpenSockets(durationMs(options.recheck ?? '30s', 'recheck'), kitOf(sessions).events);
  const cookies = new WeakMap<IncomingMessage, readonly string[]>();
  server.on('headers', (headers, request) => {
    for (const cookie of cookies.get(request) ?? []) headers.push(`Set-Cookie: ${cookie}`);
  });

  /** Who is logged in; undefined for nobody. */
  const nameOf = (session: object, user: U | A | undefined): string | undefined =>
    login?.of(session).isAuthenticated === true ? idOf(user as U) : undefined;

  /** Before anything is read: what a page of others asks for costs no store call. */
  const isOurs = async (asked: SessionRequest): Promise<boolean> => {
    const nobody = await sessions.open(withCookie(asked, undefined));
    const own = nobody && behind(nobody);
    return own !== undefined && origins.allow(asked, own.request?.origin);
  };

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer, endings: Endings): Promise<void> => {
    const asked = new NodeSessionRequest(request);
    if (!(await isOurs(asked))) return refuseUpgrade(socket, 403);
    const session = await open(asked);
    if (session === undefined) return refuseUpgrade(socket, 403);
    const user = await login?.of(session).user();
    const name = nameOf(session, user);
    const { setCookie, error } = await sessions.commit(session, { status: 101 });
    if (error !== undefined) throw error;
    // Not sooner: who is nobody may have been ended just now.
    if (loginRequired && name === undefined) return refuseUpgrade(socket, 401);
    cookies.set(request, setCookie);
    sessions.sent?.(session, true);
    sessions.ended?.(session);
    const { handle } = session;
    if (endings.has(handle)) return refuseUpgrade(socket, 401);
    if (socket.destroyed) return;
    const again = askedAgain(asked, setCookie);
    const visitor: SocketVisitor<D, U, A> = {
      session,
      user,
      async reload() {
        const fresh = await open(again);
        if (fresh === undefined) return session;
        sessions.sent?.(fresh, true);
        sessions.ended?.(fresh);
        return fresh;
      },
    };
    const lives = async (): Promise<boolean> => {
      const fresh = await open(again);
      const origin = fresh && behind(fresh)?.origin;
      if (origin?.kind === 'failed') throw origin.error;
      if (fresh === undefined || fresh.handle !== handle) return false;
      return nameOf(fresh, await login?.of(fresh).user()) === name;
    };
    server.handleUpgrade(request, socket, head, (ws) => {
      // Who is nobody and has no session has nothing that could end.
      const isSomebody = handle !== undefined || name !== undefined;
      if (isSomebody) ws.on('close', sockets.add({ handle, lives, end: () => over(ws) }));
      try {
        runWith(session, () => opened(ws, visitor, request));
      } catch (failure) {
        ws.close(FAILED);
        process.emitWarning(failure as Error);
      }
    });
  };
  return (request, socket, head) => {
    // Nobody else listens on a socket that is not upgraded, and one that breaks must not end the process.
    socket.on('error', () => socket.destroy());
    const endings = sockets.endings();
    upgrade(request, socket, head, endings)
      .catch((error: { status?: number }) => refuseUpgrade(socket, error.status ?? 500))
      .finally(endings.stop);
  };
}

type Endings = ReturnType<OpenSockets['endings']>;

/** Ends a socket, whether its page agrees or not. */
function over(ws: SocketLike): void {
  const timer = setTimeout(() => ws.terminate?.(), LAST_WORDS_MS);
  (timer as { unref?: () => void }).unref?.();
  ws.on('close', () => clearTimeout(timer));
  ws.close(SESSION_OVER, 'The session is over.');
}
