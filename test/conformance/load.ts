import { Agent } from 'node:http';
import type { App } from './app.ts';
import { Visitor } from './visitor.ts';

/** One request of the load. Times are of `performance.now()`. */
export interface Sample {
  /** `write` changes a session; `public` carries its cookie and does not look at it; `control` has no cookie. */
  readonly kind: 'write' | 'public' | 'control';
  readonly begun: number;
  readonly ended: number;
  /** 0 where there was no answer. */
  readonly status: number;
  readonly cookies: number;
  readonly code: string | undefined;
  readonly outcome: string | undefined;
}

interface Writer {
  readonly visitor: Visitor;
  /** Keys whose write was answered by 200, and when. */
  readonly stored: Map<string, number>;
}

/** Between two requests of one visitor, in milliseconds. */
const PAUSE_MS = 25;

/**
 * Visitors who write a new key of their own session all the time, beside others who look at no session. The session
 * of each is there before the load begins.
 */
export class Load {
  readonly samples: Sample[] = [];
  readonly #writers: Writer[] = [];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 200 });
  #running: Promise<unknown>[] = [];
  #goesOn = true;

  static async begin(app: App, writers: number): Promise<Load> {
    const load = new Load();
    for (let at = 0; at < writers; at++) {
      const visitor = new Visitor(app.port, { agent: load.#agent });
      const born = await visitor.post('/set', { k: 'born', v: at });
      if (born.status !== 200) throw new Error(`The load could not begin: ${born.text}`);
      load.#writers.push({ visitor, stored: new Map([['born', performance.now()]]) });
    }
    load.#running = [
      ...load.#writers.map((writer) => load.#write(writer)),
      ...['/public', '/static/app.css'].map((path) => load.#look('control', new Visitor(app.port), path)),
      ...load.#writers.slice(0, 2).map(({ visitor }) => load.#look('public', visitor, '/public')),
    ];
    return load;
  }

  async end(): Promise<void> {
    this.#goesOn = false;
    await Promise.all(this.#running);
    this.#agent.destroy();
  }

  /** The answers to writers. */
  get writes(): Sample[] {
    return this.samples.filter(({ kind }) => kind === 'write');
  }

  /** How long a request took at most that needs no store: what the machine was busy with. */
  get noise(): number {
    return longest(this.samples.filter(({ kind }) => kind === 'control'));
  }

  /** When writes that were answered by 200, and are not there for that application, were answered. */
  async lost(witness: App): Promise<number[]> {
    const lost: number[] = [];
    for (const { visitor, stored } of this.#writers) {
      const { json, status } = await visitor.at(witness.port).get('/keys');
      if (status !== 200) throw new Error(`The sessions cannot be read: ${status} ${JSON.stringify(json)}`);
      const there = new Set<string>(json.keys);
      for (const [key, answered] of stored) if (!there.has(key)) lost.push(answered);
    }
    return lost.sort((a, b) => a - b);
  }

  /** When the first write after this moment was stored. */
  firstStored(after: number): number {
    const times = this.writes.filter(({ status, ended }) => status === 200 && ended > after).map(({ ended }) => ended);
    return Math.min(...times);
  }

  async #write({ visitor, stored }: Writer): Promise<void> {
    for (let at = 0; this.#goesOn; at++) {
      const sample = await this.#sample('write', () => visitor.post('/set', { k: `k${at}`, v: at }));
      if (sample.status === 200) stored.set(`k${at}`, sample.ended);
      await rest();
    }
  }

  async #look(kind: Sample['kind'], visitor: Visitor, path: string): Promise<void> {
    while (this.#goesOn) {
      await this.#sample(kind, () => visitor.get(path));
      await rest();
    }
  }

  async #sample(kind: Sample['kind'], ask: () => ReturnType<Visitor['get']>): Promise<Sample> {
    const begun = performance.now();
    const told = await ask().catch(() => undefined);
    const { code, outcome } = told?.json?.error ?? {};
    const answer = { status: told?.status ?? 0, cookies: told?.setCookie.length ?? 0, code, outcome };
    const sample = { kind, begun, ended: performance.now(), ...answer };
    this.samples.push(sample);
    return sample;
  }
}

/** Milliseconds. */
export function longest(samples: readonly Sample[]): number {
  return Math.max(0, ...samples.map(({ begun, ended }) => ended - begun));
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
