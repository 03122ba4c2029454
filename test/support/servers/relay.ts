import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Frames, words } from './resp.ts';

/** Whether an answer is to be lost: the command in its words, and the beginning of the answer's bytes as text. */
export type Loses = (command: readonly string[], answer: string) => boolean;

/** Stands between a client and a Redis server, both without TLS, and does them harm. */
export interface Relay {
  readonly port: number;
  readonly url: string;
  /** What went through since `reset`. Commands that leave together are one round trip. */
  readonly seen: {
    readonly commands: readonly (readonly string[])[];
    readonly roundTrips: number;
    readonly bytesUp: number;
    readonly bytesDown: number;
    readonly lost: number;
  };
  reset(): void;
  /** From now on the answers that `loses` names are lost: the server did it, and the connection is cut instead. */
  swallow(loses: Loses): void;
  /** From now on nothing comes back, and connections stay open: what the server answers waits for `heal`. */
  hold(): void;
  /** Answers come so many milliseconds later. */
  delay(ms: number): void;
  /** No more harm; what was held is sent. */
  heal(): void;
  /** Cuts every connection; new ones are taken. */
  cut(): void;
  stop(): Promise<void>;
}

/** The answer to a script that ran: not the news that the server does not know it. */
export const scriptAnswers: Loses = ([verb = ''], answer) =>
  /^(evalsha|eval|fcall)$/i.test(verb) && !answer.startsWith('-NOSCRIPT');

export async function startRelay(target: number): Promise<Relay> {
  const wires = new Set<Wire>();
  const harm: Harm = { loses: undefined, holds: false, delay: 0 };
  let seen = nothingSeen();
  const server = createServer((client) => {
    const wire = new Wire(client, connect({ port: target, host: '127.0.0.1', noDelay: true }), harm, () => seen);
    wires.add(wire);
    client.once('close', () => wires.delete(wire));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const wire of wires) wire.cut();
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get seen() {
      return seen;
    },
    reset() {
      seen = nothingSeen();
    },
    swallow(loses) {
      harm.loses = loses;
    },
    hold() {
      harm.holds = true;
    },
    delay(ms) {
      harm.delay = ms;
    },
    heal() {
      Object.assign(harm, { loses: undefined, holds: false, delay: 0 });
      for (const wire of wires) wire.release();
    },
    cut,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}

interface Harm {
  loses: Loses | undefined;
  holds: boolean;
  delay: number;
}

interface Seen {
  commands: string[][];
  roundTrips: number;
  bytesUp: number;
  bytesDown: number;
  lost: number;
}

function nothingSeen(): Seen {
  return { commands: [], roundTrips: 0, bytesUp: 0, bytesDown: 0, lost: 0 };
}

/** One connection and its continuation to the server. Answers come in the order of the commands. */
class Wire {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #harm: Harm;
  readonly #seen: () => Seen;
  readonly #waiting: string[][] = [];
  /** Answers on their way, in their order, each with the time from which it may arrive. */
  readonly #late: { readonly frame: Buffer; readonly due: number }[] = [];

  constructor(client: Socket, server: Socket, harm: Harm, seen: () => Seen) {
    this.#client = client;
    this.#server = server;
    this.#harm = harm;
    this.#seen = seen;
    const [up, down] = [new Frames(), new Frames()];
    client.setNoDelay(true);
    client.on('data', (chunk) => {
      this.#asked(up.push(chunk), chunk.length);
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      for (const frame of down.push(chunk)) this.#answered(frame);
    });
    for (const socket of [client, server]) {
      socket.on('error', () => undefined);
      socket.on('close', () => this.cut());
    }
  }

  cut(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  /** Lets all that is late arrive now. */
  release(): void {
    for (const { frame } of this.#late.splice(0)) this.#send(frame);
  }

  #asked(frames: readonly Buffer[], bytes: number): void {
    const seen = this.#seen();
    seen.bytesUp += bytes;
    if (frames.length > 0 && this.#waiting.length === 0) seen.roundTrips += 1;
    for (const command of frames.map(words)) {
      seen.commands.push(command);
      this.#waiting.push(command);
    }
  }

  #answered(frame: Buffer): void {
    // What a RESP3 server tells unasked answers nothing.
    const command = frame[0] === 0x3e ? undefined : this.#waiting.shift();
    if (this.#client.destroyed) return;
    if (command !== undefined && this.#harm.loses?.(command, frame.toString('latin1', 0, 64)) === true) {
      this.#seen().lost += 1;
      this.cut();
      return;
    }
    const wait = this.#harm.holds ? Number.POSITIVE_INFINITY : this.#harm.delay;
    if (wait === 0 && this.#late.length === 0) this.#send(frame);
    else {
      this.#late.push({ frame, due: performance.now() + wait });
      if (wait !== Number.POSITIVE_INFINITY) setTimeout(() => this.#arrive(), wait);
    }
  }

  #arrive(): void {
    // A timer may come a little early.
    const now = performance.now() + 1;
    for (let next = this.#late[0]; next !== undefined && next.due <= now; next = this.#late[0]) {
      this.#late.shift();
      this.#send(next.frame);
    }
  }

  #send(frame: Buffer): void {
    this.#seen().bytesDown += frame.length;
    if (!this.#client.destroyed) this.#client.write(frame);
  }
}
