import { CONNECTIONS, load } from './load.ts';
import type { MeasuredServer } from './measured-server.ts';
import type { RedisCounters, RedisServer } from './redis-server.ts';
import { ROUTES, type Route, type RouteName } from './routes.ts';
import { targetOf } from './targets.ts';

/** One slice: one target under load on one route. */
export interface Slice {
  readonly round: number;
  /** Of the server, in microseconds a request. */
  readonly cpu: number;
  /** Requests per second. */
  readonly rate: number;
  /** Commands that Redis carried out a request, those inside scripts included, by name. */
  readonly commands: Readonly<Record<string, number>>;
  readonly redisIn: number;
  readonly redisOut: number;
  /** Bytes of the answer. */
  readonly answer: number;
  readonly rss: number;
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
}

/** A running target with a cookie for each connection. */
export class Contestant {
  readonly name: string;
  readonly server: MeasuredServer;
  cookies: readonly string[] = [];
  /** Writes that were answered since the sessions are there. */
  #written = 0;

  constructor(name: string, server: MeasuredServer) {
    this.name = name;
    this.server = server;
  }

  /** New sessions, one for each connection. */
  async seed(): Promise<void> {
    this.#written = 0;
    this.cookies = await Promise.all(Array.from({ length: CONNECTIONS }, () => this.#born()));
    if (targetOf(this.name).redis && new Set(this.cookies).size < CONNECTIONS) {
      throw new Error(`${this.name} gave the same cookie twice`);
    }
  }

  async #born(): Promise<string> {
    const response = await fetch(`${this.server.url}/seed`);
    const pairs = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
    if (!response.ok || pairs.length === 0) throw new Error(`${this.name} made no session: ${await response.text()}`);
    return pairs.join('; ');
  }

  /** One request, which must be answered rightly. */
  async ask(route: Route, cookie: string | undefined): Promise<string> {
    const response = await fetch(`${this.server.url}${route.path}`, {
      headers: route.cookie && cookie !== undefined ? { cookie } : {},
    });
    const text = await response.text();
    if (!response.ok || !route.answer.test(text)) {
      throw new Error(`${this.name} answered ${route.path} with ${response.status}: ${text.slice(0, 200)}`);
    }
    return text;
  }

  /** Every write that was answered must be in one of the sessions: what is fast because it does nothing is no result. */
  async checkWrites(): Promise<void> {
    if (!targetOf(this.name).redis) return;
    const counts = await Promise.all(this.cookies.map((cookie) => this.ask(ROUTES.write, cookie)));
    const kept = counts.reduce((sum, count) => sum + Number(count), 0);
    if (kept < this.#written) throw new Error(`${this.name} kept ${kept} of ${this.#written} writes`);
  }

  async slice(redis: RedisServer, name: RouteName, round: number, seconds: number): Promise<Slice> {
    const route: Route = ROUTES[name];
    // A login leaves dead cookies behind.
    if (route.follow === true) await this.seed();
    const cookies = route.cookie ? this.cookies : [];
    const before = { redis: await redis.counters(), server: await this.server.usage() };
    const done = await load(`${this.server.url}${route.path}`, seconds, cookies, route.follow === true);
    const server = await this.server.usage();
    const after = await redis.counters();
    if (done.refused > 0)
      throw new Error(`${this.name}, ${name}: ${done.refused} of ${done.requests} answers are errors`);
    if (done.broken > 0) throw new Error(`${this.name}, ${name}: ${done.broken} connections broke`);
    if (name === 'write') this.#written += done.requests;
    return {
      round,
      cpu: (server.cpu - before.server.cpu) / done.requests,
      rate: done.requests / (done.micros / 1e6),
      commands: commandsBetween(before.redis, after, done.requests),
      redisIn: (after.bytesIn - before.redis.bytesIn) / done.requests,
      redisOut: (after.bytesOut - before.redis.bytesOut) / done.requests,
      answer: done.bytes / done.requests,
      rss: server.rss,
      requests: done.requests,
      p50: done.p50,
      p99: done.p99,
    };
  }
}

/** Calls a request; what is rarer than one in a thousand is the driver's housekeeping. */
function commandsBetween(before: RedisCounters, after: RedisCounters, requests: number): Record<string, number> {
  const commands: Record<string, number> = {};
  for (const [name, count] of Object.entries(after.calls)) {
    const each = (count - (before.calls[name] ?? 0)) / requests;
    if (each >= 0.001) commands[name] = each;
  }
  return commands;
}
