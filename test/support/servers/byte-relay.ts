import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Whether an answer is to be lost: its bytes, and all that the client sent since the answer before, as latin1. */
export type LosesBytes = (answer: Buffer, asked: string) => boolean;

/** Stands between a client and any server, both without TLS, and does them harm. */
export interface ByteRelay {
  readonly port: number;
  /** How many answers were lost. */
  readonly lost: number;
  /** From now on answers that have such bytes in them are lost: the server did it, and the connection is cut instead. */
  swallow(loses: LosesBytes): void;
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

interface Harm {
  loses: LosesBytes | undefined;
  holds: boolean;
  delay: number;
}

export async function startByteRelay(target: number): Promise<ByteRelay> {
  const wires = new Set<Wire>();
  const harm: Harm = { loses: undefined, holds: false, delay: 0 };
  let lost = 0;
  const server = createServer((client) => {
    const wire = new Wire(client, connect({ port: target, host: '127.0.0.1', noDelay: true }), harm, () => lost++);
    wires.add(wire);
    client.once('close', () => wires.delete(wire));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const wire of wires) wire.cut();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get lost() {
      return lost;
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

/** One connection and its continuation to the server. */
class Wire {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #harm: Harm;
  readonly #onLost: () => void;
  /** Answers on their way, in their order. */
  readonly #late: Buffer[] = [];
  #asked = '';

  constructor(client: Socket, server: Socket, harm: Harm, onLost: () => void) {
    this.#client = client;
    this.#server = server;
    this.#harm = harm;
    this.#onLost = onLost;
    client.setNoDelay(true);
    client.on('data', (chunk) => {
      this.#asked += chunk.toString('latin1');
      server.write(chunk);
    });
    server.on('data', (chunk) => this.#answered(chunk));
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
    for (const answer of this.#late.splice(0)) this.#send(answer);
  }

  #answered(answer: Buffer): void {
    const asked = this.#asked;
    this.#asked = '';
    if (this.#harm.loses?.(answer, asked)) {
      this.#onLost();
      this.cut();
    } else if (this.#harm.holds) this.#late.push(answer);
    else if (this.#harm.delay === 0 && this.#late.length === 0) this.#send(answer);
    else {
      this.#late.push(answer);
      setTimeout(() => this.#arrive(answer), this.#harm.delay);
    }
  }

  /** With all before it; none if they were let go meanwhile, or are held since. */
  #arrive(answer: Buffer): void {
    if (this.#harm.holds) return;
    for (const next of this.#late.splice(0, this.#late.indexOf(answer) + 1)) this.#send(next);
  }

  #send(answer: Buffer): void {
    if (!this.#client.destroyed) this.#client.write(answer);
  }
}
