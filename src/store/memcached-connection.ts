import type { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { nextTick } from 'node:process';
import type { Outcome } from '../errors.ts';
import { AnswerReader } from './memcached-answers.ts';
import { broken, closed, offline, refused, type Trouble, UNREACHABLE, unanswered } from './memcached-errors.ts';
import { Greeting, Unfit } from './memcached-greeting.ts';
import type { Login, MemcachedServer } from './memcached-url.ts';

/** How long one attempt to connect and to be greeted may take, in milliseconds: below the two seconds of a request. */
const CONNECT_MS = 1500;
/** Pauses between attempts to connect, in milliseconds; the last one again and again. */
const PAUSES_MS = [20, 50, 100, 200, 400];
/**
 * After this, in milliseconds, a silent server is given up and connected anew, if an answer was due all the time: a
 * machine that lost its power closes no connection.
 */
const SILENCE_MS = 2500;
/** How long a server may be away before its errors say that waiting is no use, in milliseconds. */
const RESTART_MS = 1000;
/** What may wait for a server that takes nothing more, in bytes. */
const MOST_WAITING = 32 * 1024 * 1024;
/** After so many calls their numbers begin anew. */
const NUMBERS = 1_000_000;

/** Reads an answer and settles its call; false where that is no answer to it. What it throws fails the call. */
export type Read = (answer: string, value: Buffer | undefined) => boolean;

/** A call that was sent. Answers come in the order of calls. */
interface Call {
  readonly verb: string;
  readonly outcome: Outcome;
  /** How its answer ends. */
  readonly mark: string;
  readonly read: Read;
  readonly reject: (error: unknown) => void;
  next: Call | undefined;
}

/**
 * One connection to one server, which comes back by itself. Calls go out in one write for each turn; no call waits for
 * a connection, and none is sent twice. An answer that nobody waits for any more is still matched to its call.
 */
export class Connection {
  readonly server: MemcachedServer;
  readonly #login: Login | undefined;
  #socket: Socket | undefined;
  #ready = false;
  #closed = false;
  #run = '';
  #limit = 0;
  #first: Call | undefined;
  #last: Call | undefined;
  #number = 0;
  #out = '';
  #heard = false;
  #watching: ReturnType<typeof setTimeout> | undefined;
  #trouble: Trouble = UNREACHABLE;
  #lostAt = 0;
  #failures = 0;
  #again: ReturnType<typeof setTimeout> | undefined;
  #greeted: { resolve: () => void; reject: (trouble: Trouble) => void } | undefined;

  constructor(server: MemcachedServer, login: Login | undefined) {
    this.server = server;
    this.#login = login;
  }

  /** Connects, for as long as it is not closed; the promise tells of the first attempt. Rejects with a Trouble. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#greeted = { resolve, reject };
      this.#lostAt = performance.now();
      this.#connect();
    });
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Names this run of the server. */
  get run(): string {
    return this.#run;
  }

  /** The largest item in bytes, with its key and all that memcached adds. */
  get limit(): number {
    return this.#limit;
  }

  /**
   * Sends a command. It fails at once where there is no connection.
   *
   * @param line without its end
   * @param block a value and its line end, which stand behind the line
   * @param outcome what is true when no answer comes
   */
  ask(
    verb: string,
    outcome: Outcome,
    line: string,
    block: string | Buffer,
    read: Read,
    reject: (error: unknown) => void,
  ): void {
    const socket = this.#socket;
    if (!this.#ready || socket === undefined || socket.writableLength > MOST_WAITING) {
      reject(this.#unable(verb));
      return;
    }
    this.#number = (this.#number + 1) % NUMBERS;
    const mark = ` O${this.#number}`;
    const call: Call = { verb, outcome, mark, read, reject, next: undefined };
    if (this.#last === undefined) this.#first = call;
    else this.#last.next = call;
    this.#last = call;
    if (this.#watching === undefined) this.#watch(socket);
    if (this.#out === '') nextTick(this.#flush);
    if (typeof block === 'string') {
      this.#out += `${line}${mark}\r\n${block}`;
      return;
    }
    this.#out += `${line}${mark}\r\n`;
    this.#flush();
    socket.write(block);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    this.#lost(this.#socket);
  }

  readonly #flush = (): void => {
    const out = this.#out;
    this.#out = '';
    if (out !== '') this.#socket?.write(out);
  };

  #unable(verb: string): Error {
    if (this.#closed) return closed(verb);
    const away = this.#ready ? 0 : performance.now() - this.#lostAt;
    return offline(verb, this.server.name, this.#trouble, away < RESTART_MS && this.#trouble.final !== true);
  }

  #connect(): void {
    const { host, port } = this.server;
    const socket = connect({ host, port, noDelay: true, keepAlive: true });
    const greeting = new Greeting(this.#login);
    const reader: AnswerReader = new AnswerReader((line, value) => {
      if (this.#ready) return this.#answered(line, value);
      const greeted = greeting.hear(line);
      if (greeted !== undefined) {
        clearTimeout(late);
        this.#run = greeted.run;
        this.#limit = greeted.limit;
        reader.limit = greeted.limit;
        this.#welcome();
      }
      return true;
    });
    const late = setTimeout(() => this.#lost(socket), CONNECT_MS);
    this.#socket = socket;
    socket.once('connect', () => socket.write(greeting.words));
    socket.on('data', (chunk: Buffer) => {
      if (this.#socket !== socket) return;
      this.#heard = true;
      try {
        reader.push(chunk);
      } catch (error) {
        this.#lost(socket, error);
      }
    });
    // 'close' comes behind it.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(late);
      this.#lost(socket);
    });
  }

  #welcome(): void {
    this.#ready = true;
    this.#failures = 0;
    this.#trouble = UNREACHABLE;
    this.#greeted?.resolve();
    this.#greeted = undefined;
  }

  /** False where the connection is not to be heard any more. */
  #answered(line: string, value: Buffer | undefined): boolean {
    const call = this.#first;
    if (call === undefined || !fits(line, value, call.mark)) return this.#misunderstood();
    try {
      if (line.startsWith('SERVER_ERROR ')) {
        call.reject(refused(call.verb, this.server.name, line.slice(13), call.outcome));
      } else if (!call.read(line, value)) {
        return this.#misunderstood();
      }
    } catch (error) {
      call.reject(error);
    }
    this.#first = call.next;
    if (call.next === undefined) this.#last = undefined;
    return true;
  }

  #misunderstood(): false {
    const call = this.#first;
    call?.reject(unanswered(call.verb, this.server.name, call.outcome));
    this.#lost(this.#socket);
    return false;
  }

  /** Ends a connection and begins the next one. Whoever waits for an answer hears that none will come. */
  #lost(socket: Socket | undefined, error?: unknown): void {
    if (socket === undefined || this.#socket !== socket) return;
    if (this.#ready) this.#lostAt = performance.now();
    this.#socket = undefined;
    this.#ready = false;
    this.#out = '';
    socket.destroy();
    clearTimeout(this.#watching);
    this.#watching = undefined;
    if (error instanceof Unfit) this.#trouble = error.trouble;
    let call = this.#first;
    this.#first = undefined;
    this.#last = undefined;
    for (; call !== undefined; call = call.next) call.reject(broken(call.verb, this.server.name, call.outcome));
    this.#greeted?.reject(this.#trouble);
    this.#greeted = undefined;
    if (this.#closed) return;
    const pause = PAUSES_MS[Math.min(this.#failures++, PAUSES_MS.length - 1)] as number;
    this.#again = setTimeout(() => this.#connect(), pause);
    // Nobody waits for it.
    this.#again.unref?.();
  }

  /** One timer for as long as answers are due. */
  #watch(socket: Socket): void {
    this.#heard = false;
    this.#watching = setTimeout(() => {
      this.#watching = undefined;
      if (this.#first === undefined) return;
      if (this.#heard) this.#watch(socket);
      else this.#lost(socket);
    }, SILENCE_MS);
    this.#watching.unref?.();
  }
}

/** Whether an answer belongs to the call that is next. Older versions number neither misses nor errors. */
function fits(line: string, value: Buffer | undefined, mark: string): boolean {
  return line.endsWith(mark) || (value === undefined && !line.includes(' O'));
}
