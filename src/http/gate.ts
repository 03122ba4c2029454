import type { HeaderChanges } from '../interface/contract.ts';
import { NO_CHANGES } from '../interface/contract.ts';
import { Announced } from './announced.ts';
import { Drains, wake } from './drains.ts';
import { field } from './field.ts';
import {
  breakOff,
  type Call,
  callBack,
  checkCall,
  checkStatus,
  headersSent,
  isClosed,
  type State,
  type Verb,
} from './gate-calls.ts';
import { answerError } from './gate-error.ts';
import type { Face } from './held.ts';
import { homeOf, type Keeper } from './home.ts';
import { abandonNode, commitNode, finishNode, gaveUp } from './node-commit.ts';
import { type HeadCall, type NodeResponse, prepareHead } from './node-head.ts';
import type { Place } from './place.ts';
import { isThenable } from './thenable.ts';
import type { Visited } from './visited.ts';

const readHeadersSent = field('headersSent', (response) => response.headersSent);
const readStatusCode = field('statusCode', (response) => response.statusCode);
const readWriteHead = field('writeHead', (response) => response.writeHead);

/**
 * The one gate through which answers leave on Node: Express, Connect, node:http, http2's compatibility layer.
 *
 * The first of `writeHead`, `write`, `end` and `flushHeaders` starts the commit, and the bytes wait for it (G3). A
 * commit that answers synchronously defers nothing. Wrappers of the same methods work, mounted before or after.
 */
export class Gate<S extends object> implements Keeper {
  readonly #visit: Visited<S>;
  readonly #response: NodeResponse;
  readonly #place: Place;
  readonly #drains: Drains | undefined;
  #state: State = 'idle';
  #head: HeadCall;
  /** Inner wrappers of `writeHead` are being asked what they would say. */
  #probing = false;
  /** Depth of calls that go straight down: Node's `end` calls `write`, and both call `writeHead`. */
  #passing = 0;
  #settled: HeaderChanges | undefined;
  #queue: Call[] | undefined;
  #face: Face | undefined;
  #listening = false;
  /** From the first `write` on. */
  #announced: Announced | undefined;

  constructor(visit: Visited<S>) {
    const { owner, session, response } = visit;
    this.#visit = visit;
    this.#response = response;
    this.#place = visit.place(this);
    this.#drains = Drains.of(response);
    const sent = readHeadersSent(response) === true;
    if (sent) this.#open(NO_CHANGES);
    if (owner.watch !== undefined) owner.watch(session, { changed: () => this.#changed() });
    else if (owner.abandon !== undefined) this.#listen();
    // Whoever first asks when all is said may read, if the head allows it, and no more.
    if (sent && (response.writableEnded === true || isClosed(response))) this.#ended();
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
    const status = Number(this.#head === undefined ? readStatusCode(response) : this.#head[0]);
    try {
      checkStatus(status);
    } catch (error) {
      this.#head = undefined;
      throw error;
    }
    if (this.#settled !== undefined) this.#open(this.#settled);
    else if (this.#visit.owner.abandon !== undefined && isClosed(this.#response)) this.#abandon();
    else this.#commit(status);
  }

  #commit(status: number): void {
    const response = this.#response;
    let changes: HeaderChanges | Promise<HeaderChanges>;
    try {
      changes = commitNode(this.#visit, status);
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
    if (readWriteHead(response) === this.#place.writeHead) return;
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
    const { owner, session } = this.#visit;
    this.#settled = changes;
    // Something below wrote past us: the head cannot be changed any more.
    const sent = this.#place.headersSent(this.#response);
    // A bad field in the handler's head throws here, in its face; the changes wait for the error page.
    this.#state = 'idle';
    const call = this.#head;
    this.#head = undefined;
    const head = prepareHead(this.#response, call, sent ? NO_CHANGES : changes);
    this.#head = head.call;
    this.#state = 'open';
    owner.sent?.(session, head.isPrivate);
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
        if (!finished && this.#completes(args) && this.#finish(verb, args)) return false;
        break;
      }
      case 'end': {
        if (!finished && this.#finish(verb, args)) return this.#response;
        this.#sayHead();
        this.#state = 'done';
        this.#visit.leave();
        try {
          return this.#pass(verb, args);
        } finally {
          this.#ended();
        }
      }
      default:
        this.#listen();
    }
    this.#sayHead();
    return this.#pass(verb, args);
  }

  /** Whether the client has the whole answer with these bytes. */
  #completes(args: unknown[]): boolean {
    const { owner, request } = this.#visit;
    if (owner.finish === undefined) return false;
    this.#announced ??= new Announced(this.#response, request);
    return this.#announced.completes(args);
  }

  /** A head that inner hooks filled by arguments of `writeHead` goes out in front of the first bytes. */
  #sayHead(): void {
    const call = this.#head;
    if (call === undefined) return;
    this.#head = undefined;
    this.#pass('writeHead', call);
  }

  #ended(): void {
    const { owner, session } = this.#visit;
    owner.ended?.(session);
  }

  /** Stores what came after the head; true when the call waits for it. */
  #finish(verb: 'write' | 'end', args: unknown[]): boolean {
    let finishing: Promise<unknown> | undefined;
    try {
      finishing = finishNode(this.#visit);
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
    this.#face ??= this.#place.face(this.#response);
    this.#face.lock();
  }

  #hold(verb: Verb, args: unknown[]): unknown {
    this.#face?.waits(verb);
    this.#queue ??= [];
    this.#queue.push([verb, args]);
    return verb === 'write' ? false : verb === 'flushHeaders' ? undefined : this.#response;
  }

  /** Makes the calls that waited, after `first`. */
  #release(first: () => void): void {
    if (this.#state !== 'held') return;
    const face = this.#face;
    const refused = face?.full === true;
    face?.unlock();
    const queue = this.#queue?.splice(0) ?? [];
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
    else if (refused && flowing && this.#response.writableNeedDrain !== true) wake(this.#response, this.#drains);
  }

  #fail(error: unknown, changes: HeaderChanges): void {
    this.#state = 'failed';
    this.#head = undefined;
    this.#face ??= this.#place.face(this.#response);
    const response = this.#response;
    response.writeHead = this.#place.writeHead;
    answerError({
      error,
      changes,
      request: this.#visit.request,
      response,
      face: this.#face,
      onError: this.#visit.onError,
      pass: (verb, args) => this.#pass(verb, args),
      giveUp: () => this.#break(),
    });
    this.#ended();
    this.#swallowQueue();
  }

  #swallowQueue(): void {
    for (const [verb, args] of this.#queue?.splice(0) ?? []) this.#swallow(verb, args);
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
    this.#ended();
    this.#swallowQueue();
  }

  #changed(): void {
    // A framework inside another may have exchanged the prototype since.
    if (this.#place.hearsClose) homeOf(this.#response);
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
    // Who only looked may go on looking; who took `req.session` away ends it also where the browser has gone.
    if (!this.#listening && !gaveUp(this.#visit)) return;
    if (this.#state === 'idle') this.#abandon();
    else if (this.#state === 'open') this.#leave();
  }

  /** Closed without ever having begun. */
  #abandon(): void {
    this.#state = 'done';
    // Nobody is left to answer; the interface has told its listeners what failed.
    abandonNode(this.#visit).catch(() => undefined);
  }

  /** Closed in the middle: what was changed after the head is stored all the same. */
  #leave(): void {
    this.#state = 'done';
    let finishing: Promise<unknown> | undefined;
    try {
      finishing = finishNode(this.#visit);
    } catch {
      // Nobody is left to answer; the interface has told its listeners.
    }
    const ended = () => this.#ended();
    if (finishing === undefined) ended();
    else finishing.then(ended, ended);
  }
}
