import { CookieJar } from '../../src/testing/cookie-jar.ts';
import { MeasuredServer, type ServerSettings } from './measured-server.ts';

const AT_ONCE = 20;
const INCREMENTS = 50;

/** How often each thing happened, of so many trials. */
export interface Rates {
  readonly name: string;
  readonly trials: number;
  /** Trials of the counters. */
  readonly counters: number;
  /** Of two overlapping requests that changed different keys, one change was gone. */
  readonly lost: number;
  /** Of 50 requests at once that each add one to a counter, how many counted: mean, and the worst trial. */
  readonly kept: { readonly mean: number; readonly worst: number };
  /** The same, written as `n = n + 1` by everybody. */
  readonly keptPlainly: { readonly mean: number; readonly worst: number };
  /** After a logout during a slow request that writes: the old cookie works; this browser is logged in. */
  readonly logout: { readonly oldCookie: number; readonly browser: number };
  /** After a login as somebody else during a slow request that writes: the old cookie works; the login is lost. */
  readonly login: { readonly oldCookie: number; readonly lost: number };
}

/** A browser that talks to two processes in turn, as behind a load balancer. */
class Visitor {
  readonly jar = new CookieJar();
  readonly #servers: readonly MeasuredServer[];

  constructor(servers: readonly MeasuredServer[]) {
    this.#servers = servers;
  }

  /** Sends what the jar holds now, and takes over what comes back when it comes back. */
  async visit(path: string, server: number, cookie: string | undefined = this.jar.header()): Promise<string> {
    const url = `${this.#servers[server % this.#servers.length]?.url}${path}`;
    const response = await fetch(url, { headers: cookie === undefined ? {} : { cookie } });
    this.jar.store(response.headers.getSetCookie());
    const text = await response.text();
    // A 409 tells that the session was gone, which is an answer here.
    if (!response.ok && response.status !== 409) throw new Error(`${path}: ${response.status} ${text.slice(0, 200)}`);
    return text;
  }

  async data(cookie?: string): Promise<Record<string, unknown>> {
    // Of a jar of its own: looking must not change what this browser holds.
    const looker = new Visitor(this.#servers);
    return JSON.parse(await looker.visit('/data', 1, cookie ?? this.jar.header())) as Record<string, unknown>;
  }
}

/** Measures one target on two processes that share one Redis. */
export async function measureRates(node: string, settings: ServerSettings, trials: number): Promise<Rates> {
  const servers: MeasuredServer[] = [];
  const counters = Math.ceil(trials / 10);
  try {
    for (let i = 0; i < 2; i++) servers.push(await MeasuredServer.start(node, { ...settings, rates: true }));
    const born = async () => {
      const visitor = new Visitor(servers);
      await visitor.visit('/seed', 0);
      return visitor;
    };
    let number = 0;
    /** A slow write on one process, and `meanwhile` on the other while it is under way. */
    const during = async (visitor: Visitor, meanwhile: string) => {
      const trial = ++number;
      const slow = visitor.visit(`/slow?trial=${trial}`, 0);
      await Promise.race([visitor.visit(`/entered?trial=${trial}`, 0), slow]);
      await visitor.visit(meanwhile, 1);
      await visitor.visit(`/release?trial=${trial}`, 0);
      await slow;
    };

    const lost = await share(trials, async () => {
      const visitor = await born();
      await during(visitor, '/fast');
      const { a, b } = await visitor.data();
      return [a !== 'kept' || b !== 'kept'];
    });
    const logout = await share(trials, async () => {
      const visitor = await born();
      const old = visitor.jar.header();
      await during(visitor, '/logout');
      return [(await visitor.data(old)).user === 'ann', (await visitor.data()).user === 'ann'];
    });
    const login = await share(trials, async () => {
      const visitor = await born();
      const old = visitor.jar.header();
      await during(visitor, '/login-bob');
      return [(await visitor.data(old)).user === 'ann', (await visitor.data()).user !== 'bob'];
    });
    const count = async (path: string) => {
      const counts: number[] = [];
      for (let i = 0; i < counters; i++) {
        const visitor = await born();
        await Promise.all(Array.from({ length: INCREMENTS }, (_, at) => visitor.visit(path, at)));
        counts.push(Number((await visitor.data()).n));
      }
      return { mean: counts.reduce((sum, n) => sum + n, 0) / counts.length, worst: Math.min(...counts) };
    };
    const kept = await count('/increment');
    const keptPlainly = await count('/increment-plainly');
    return {
      name: settings.target,
      trials,
      counters,
      lost: lost[0] ?? Number.NaN,
      kept,
      keptPlainly,
      logout: { oldCookie: logout[0] ?? Number.NaN, browser: logout[1] ?? Number.NaN },
      login: { oldCookie: login[0] ?? Number.NaN, lost: login[1] ?? Number.NaN },
    };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** How often each of a trial's findings is true, as a share of all trials. */
async function share(trials: number, trial: () => Promise<boolean[]>): Promise<number[]> {
  const sums: number[] = [];
  for (let done = 0; done < trials; done += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, trials - done) }, trial);
    for (const findings of await Promise.all(batch)) {
      for (const [at, finding] of findings.entries()) sums[at] = (sums[at] ?? 0) + (finding ? 1 : 0);
    }
  }
  return sums.map((sum) => sum / trials);
}
