import type { HeaderChanges, SessionInterface } from '../interface/contract.ts';
import { NO_CHANGES } from '../interface/contract.ts';
import { Drains } from './drains.ts';
import {
  announced,
  breakOff,
  type Call,
  callBack,
  checkCall,
  checkStatus,
  headersSent,
  isClosed,
  sizeOf,
  type Verb,
} from './gate-calls.ts';
import { answerError, type NodeErrorHandler } from './gate-error.ts';
import type { Face } from './held.ts';
import type { Keeper } from './home.ts';
import { abandonNode, commitNode, finishNode } from './node-commit.ts';
import { type HeadCall, type NodeResponse, prepareHead } from './node-head.ts';
import type { NodeRequest } from './node-request.ts';
import { type Place, placeGate } from './place.ts';
import { isThenable } from './thenable.ts';

/** How far an answer is. */
type State =
  /** Nothing was said yet. */
  | 'idle'
  /** The commit, or what finishes the session, is under way; calls wait. */
  | 'held'
  /** The head may leave or has left. */
  | 'open'
  /** The commit failed: the handler's answer is swallowed, the error's goes instead. */
  | 'failed'
  /** The last chunk went, or nobody listens any more. */
  | 'done';

/**
 * The one gate through which answers leave on Node: Express, Connect, node:http, http2's compatibility layer.
 *
 * The first of `writeHead`, `write`, `end` and `flushHeaders` starts the commit, and the bytes wait for it (G3). A
 * commit that answers synchronously defers nothing. Wrappers of the same methods work, mounted before or after.
 */
export class Gate<S extends object> implements Keeper {
  readonly #iface: SessionInterface<S>;
  readonly #session: S;
  readonly #request: NodeRequest;
  readonly #response: NodeResponse;
  readonly #onError: NodeErrorHandler | undefined;
  readonly #place: Place;
  #state: State = 'idle';
  #head: HeadCall;
  /** Inner wrappers of `writeHead` are being asked what they would say. */
  #probing = false;
  /** Depth of calls that go straight down: Node's `end` calls `write`, and both call `writeHead`. */
  #passing = 0;
  #settled: HeaderChanges | undefined;
  #queue: Call[] = [];
  #face: Face | undefined;
  readonly #drains: Drains;
  #listening = false;
  /** Bytes that the head announced and that have not been written; NaN where it did not say. */
  #missing = Number.NaN;

  constructor(
    iface: SessionInterface<S>,
    session: S,
    request: NodeRequest,
    response: NodeResponse,
    onError: NodeErrorHandler | undefined,
    atHome: boolean,
  ) {
    this.#iface = iface;
    this.#session = session;
    this.#request = request;
    this.#response = response;
    this.#onError = onError;
    this.#place = placeGate(response, this, atHome);
    this.#drains = new Drains(response);
    if (response.headersSent) this.#open(NO_CHANGES);
    if (iface.watch !== undefined) iface.watch(session, { changed: () => this.#changed() });
    else if (iface.abandon !== undefined) this.#listen();
  }

  get waiting(): Face | undefined {
    return this.#face;
  }

  arrive(verb: Verb, args: unknown[]): unknown {
    if (this.#passing > 0 || this.#state === 'done') return this.#pass(verb, args);
    if (this.#state === 'idle') {
      if (this.#probing && verb === 'writeHead') {
        this.#head = args;
        return this.#response;
      }
      // While the caller is there to catch it, not when the commit has answered.
      checkCall(verb, args);
      this.#begin(verb, args);
    } else if (this.#state === 'held') {
      if (verb === 'writeHead') throw headersSent();
      checkCall(verb, args);
    }
    // `begin` moves the state on, which the compiler cannot see.
    switch (this.#state as State) {
      case 'open':
        return this.#through(verb, args, false);
      case 'held':
        return this.#hold(verb, args);
      case 'failed':
        return this.#swallow(verb, args);
      default:
        return this.#pass(verb, args);
    }
  }

  /** Straight down: to outer wrappers and to Node. */
  #pass(verb: Verb, args: readonly unknown[]): unknown {
    this.#passing++;
    try {
      return this.#place.below[verb].apply(this.#response, args as unknown[]);
    } finally {
      this.#passing--;
      this.#face?.update();
    }
  }

  #begin(verb: Verb, args: unknown[]): void {
    const response = this.#response;
    if (verb === 'writeHead') this.#head = args;
    else this.#probe();
    const status = Number(this.#head === undefined ? response.statusCode : this.#head[0]);
    try {
      checkStatus(status);
    } catch (error) {
      this.#head = undefined;
      throw error;
    }
    if (this.#settled !== undefined) this.#open(this.#settled);
    else if (this.#iface.abandon !== undefined && isClosed(this.#response)) this.#abandon();
    else this.#commit(status);
  }

  #commit(status: number): void {
    const response = this.#response;
    let changes: HeaderChanges | Promise<HeaderChanges>;
    try {
      changes = commitNode(this.#iface, this.#session, this.#request, status);
    } catch (error) {
      this.#fail(error, NO_CHANGES);
      return;
    }
    if (!isThenable(changes)) {
      if (changes.error !== undefined) this.#fail(changes.error, changes);
      else this.#open(changes);
      return;
    }
    const { statusCode } = response;
    // On http2 even reading it warns.
    const statusMessage = response.stream === undefined ? response.statusMessage : undefined;
    this.#wait();
    changes.then(
      (settled) => {
        if (settled.error !== undefined) {
          this.#fail(settled.error, settled);
          return;
        }
        this.#release(() => {
          // The prototype has the usual one, and an own property costs more than a microsecond on Node 20.
          if (response.statusCode !== statusCode) response.statusCode = statusCode;
          if (statusMessage !== undefined) response.statusMessage = statusMessage;
          this.#open(settled);
        });
      },
      (error: unknown) => this.#fail(error, NO_CHANGES),
    );
  }

  /**
   * Header hooks mounted after us wrap `writeHead`, which Node calls only when bytes leave: too late for the commit to
   * see what they do to the session. So they are asked first, and Node's own call then goes past them.
   */
  #probe(): void {
    const response = this.#response;
    if (response.writeHead === this.#place.writeHead) return;
    this.#probing = true;
    try {
      response.writeHead(response.statusCode);
    } finally {
      this.#probing = false;
    }
    response.writeHead = this.#place.writeHead;
    const status = this.#head?.[0];
    if (typeof status === 'number') response.statusCode = status;
    // A bare status says nothing that the response does not say itself.
    if (this.#head !== undefined && this.#head.length < 2) this.#head = undefined;
  }

  #open(changes: HeaderChanges): void {
    const iface = this.#iface;
    this.#settled = changes;
    // Something below wrote past us: the head cannot be changed any more.
    const sent = this.#response.headersSent;
    // A bad field in the handler's head throws here, in its face; the changes wait for the error page.
    this.#state = 'idle';
    const call = this.#head;
    this.#head = undefined;
    const head = prepareHead(this.#response, call, sent ? NO_CHANGES : changes);
    this.#head = head.call;
    this.#state = 'open';
    if (iface.finish !== undefined) this.#missing = announced(this.#response, this.#request);
    iface.sent?.(this.#session, head.isPrivate);
  }

  /** A call whose head is decided. `finished`: what came after the head is stored already. */
  #through(verb: Verb, args: unknown[], finished: boolean): unknown {
    switch (verb) {
      case 'writeHead': {
        const call = this.#head ?? args;
        this.#head = undefined;
        this.#listen();
        return this.#pass(verb, call);
      }
      case 'write': {
        this.#listen();
        if (this.#missing > 0 && !finished) {
          this.#missing -= sizeOf(args);
          // With the announced length the client has the whole answer before `end`.
          if (this.#missing <= 0 && this.#finish(verb, args)) return false;
        }
        break;
      }
      case 'end': {
        if (!finished && this.#finish(verb, args)) return this.#response;
        const below = this.#sayHead();
        this.#state = 'done';
        this.#place.leave(this.#request);
        try {
          return below(verb, args);
        } finally {
          this.#iface.ended?.(this.#session);
        }
      }
      default:
        this.#listen();
    }
    return this.#sayHead()(verb, args);
  }

  /** A head that inner hooks filled by arguments of `writeHead` goes out in front of the first bytes. */
  #sayHead(): (verb: Verb, args: unknown[]) => unknown {
    const call = this.#head;
    if (call !== undefined) {
      this.#head = undefined;
      this.#pass('writeHead', call);
    }
    return (verb, args) => this.#pass(verb, args);
  }

  /** Stores what came after the head; true when the call waits for it. */
  #finish(verb: 'write' | 'end', args: unknown[]): boolean {
    let finishing: Promise<unknown> | undefined;
    try {
      finishing = finishNode(this.#iface, this.#session, this.#request);
    } catch {
      this.#break();
      return false;
    }
    if (finishing === undefined) return false;
    this.#wait();
    this.#face?.waits(verb);
    finishing.then(
      () =>
        this.#release(() => {
          this.#state = 'open';
          this.#through(verb, args, true);
        }),
      () => this.#break(),
    );
    return true;
  }

  #wait(): void {
    this.#state = 'held';
    this.#face ??= this.#place.face();
    this.#face.lock();
  }

  #hold(verb: Verb, args: unknown[]): unknown {
    this.#face?.waits(verb);
    this.#queue.push([verb, args]);
    return verb === 'write' ? false : verb === 'flushHeaders' ? undefined : this.#response;
  }

  /** Makes the calls that waited, after `first`. */
  #release(first: () => void): void {
    if (this.#state !== 'held') return;
    const face = this.#face;
    const refused = face?.full === true;
    face?.unlock();
    const queue = this.#queue;
    this.#queue = [];
    let flowing = true;
    try {
      first();
      for (let at = 0; at < queue.length; at++) {
        const [verb, args] = queue[at] as Call;
        // A call may have to wait again, for what came after the head; those behind it wait with it.
        const result = this.arrive(verb, args);
        if (verb === 'write') flowing = result !== false;
      }
    } catch {
      this.#break();
    }
    if ((this.#state as State) !== 'open') return;
    if (isClosed(this.#response)) this.#leave();
    else if (refused && flowing && this.#response.writableNeedDrain !== true) this.#drains.wake();
  }

  #fail(error: unknown, changes: HeaderChanges): void {
    this.#state = 'failed';
    this.#head = undefined;
    this.#face ??= this.#place.face();
    const response = this.#response;
    response.writeHead = this.#place.writeHead;
    answerError({
      error,
      changes,
      request: this.#request,
      response,
      face: this.#face,
      onError: this.#onError,
      pass: (verb, args) => this.#pass(verb, args),
      giveUp: () => this.#break(),
    });
    this.#iface.ended?.(this.#session);
    for (const [verb, args] of this.#queue.splice(0)) this.#swallow(verb, args);
  }

  #swallow(verb: Verb, args: readonly unknown[]): unknown {
    callBack(args);
    return verb === 'write' ? true : verb === 'flushHeaders' ? undefined : this.#response;
  }

  /** What was promised cannot be kept: the client must see a broken answer, not a whole one. */
  #break(): void {
    const response = this.#response;
    this.#face?.unlock();
    this.#state = 'failed';
    breakOff(response);
    this.#iface.ended?.(this.#session);
    for (const [verb, args] of this.#queue.splice(0)) this.#swallow(verb, args);
  }

  #changed(): void {
    if (!isClosed(this.#response)) {
      this.#listen();
      return;
    }
    // The client went before; what the handler still does this turn is judged together.
    setTimeout(() => {
      if (this.#state === 'idle') this.#abandon();
    }, 0);
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    if (!this.#place.hearsClose) this.#response.once('close', () => this.closed());
  }

  closed(): void {
    const gaveUp = (this.#request as { session?: unknown }).session ?? undefined;
    // Who only looked may go on looking; who took `req.session` away ends it also where the browser has gone.
    if (!this.#listening && gaveUp !== undefined) return;
    if (this.#state === 'idle') this.#abandon();
    else if (this.#state === 'open') this.#leave();
  }

  /** Closed without ever having begun. */
  #abandon(): void {
    this.#state = 'done';
    // Nobody is left to answer; the interface has told its listeners what failed.
    abandonNode(this.#iface, this.#session, this.#request).catch(() => undefined);
  }

  /** Closed in the middle: what was changed after the head is stored all the same. */
  #leave(): void {
    this.#state = 'done';
    let finishing: Promise<unknown> | undefined;
    try {
      finishing = finishNode(this.#iface, this.#session, this.#request);
    } catch {
      // Nobody is left to answer; the interface has told its listeners.
    }
    const ended = () => this.#iface.ended?.(this.#session);
    if (finishing === undefined) ended();
    else finishing.then(ended, ended);
  }
}
