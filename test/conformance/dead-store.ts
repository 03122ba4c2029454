import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { keyOf } from '../../src/keys/ids.ts';
import type { App } from './app.ts';
import { type Told, tell, Visitor } from './visitor.ts';

/** The deadline of the reference application, in milliseconds. */
export const DEADLINE = 2000;
/** What a request may take beyond the deadline, in milliseconds. */
const MORE = 100;
/** How soon after a server's return the first request must succeed, in milliseconds. */
const BACK = 1500;
const COOKIE = '__Host-session';
/** What no message may repeat: the passwords of the servers here, and what a URL has before its host. */
const SECRETS = /geheim|meister|:\/\/[^/\s]*@/;

/** How a request is to be refused. */
export interface Refused {
  /** Default: either. */
  readonly outcome?: 'none' | 'unknown' | undefined;
  /** Milliseconds. Default: the deadline. */
  readonly within?: number | undefined;
  /** What the message says, where the store itself gave up. */
  readonly says?: RegExp | undefined;
  /** The store tries again until the deadline, which may find a write on its way: that one is in doubt. */
  readonly again?: boolean | undefined;
}

/** A visitor who is there while the store of an application fails: what must hold then, and afterwards. */
export class Witness {
  readonly visitor: Visitor;
  readonly #app: App;
  readonly #store: string;

  /** @param store as its messages begin: `Redis` */
  constructor(app: App, store: string) {
    this.#app = app;
    this.#store = store;
    this.visitor = new Visitor(app.port);
  }

  /** Gets a session with `a: 1` and `n: 1`. */
  async arrive(): Promise<void> {
    // A test that failed may leave a server that is only coming back.
    const enter = async (): Promise<number> => (await this.visitor.post('/set', { k: 'a', v: 1 })).status;
    await expect.poll(enter, { timeout: 5000 }).toBe(200);
    expect((await this.write()).json).toEqual({ ok: true, value: 1 });
  }

  read = (): Promise<Told> => this.visitor.get('/get?k=a');
  write = (): Promise<Told> => this.visitor.post('/incr', { k: 'n' });
  count = async (): Promise<number | null> => (await this.visitor.get('/get?k=n')).json.value;

  /** The name of the visitor's record in the store. */
  get key(): string {
    return keyOf(this.visitor.jar.get(COOKIE) ?? '');
  }

  /** How long it took, less what a request took meanwhile that needs no store: what the machine was busy with. */
  async timed(ask: () => Promise<Told>): Promise<Told & { ms: number }> {
    let [answered, noise] = [false, 0];
    const control = async (): Promise<void> => {
      while (!answered) {
        const begun = performance.now();
        await tell(this.#app.port, { path: '/static/app.css' });
        noise = Math.max(noise, performance.now() - begun);
        await sleep(20);
      }
    };
    const controlled = control();
    const begun = performance.now();
    const told = await ask();
    const ms = performance.now() - begun;
    answered = true;
    await controlled;
    return { ...told, ms: ms - noise };
  }

  /** A 503 in time that costs no cookie and tells no secret; who does not need the session is served. */
  async refused(ask: () => Promise<Told>, { outcome, within = DEADLINE, says, again }: Refused = {}): Promise<void> {
    const { status, json, setCookie, ms } = await this.timed(ask);
    expect([status, setCookie, json.error.code]).toEqual([503, [], expect.stringMatching(/^STORE_/)]);
    this.explained(json.error, says);
    const cut = again === true && json.error.code === 'STORE_TIMEOUT';
    expect(json.error).toMatchObject({
      outcome: cut || outcome === undefined ? expect.stringMatching(/^(none|unknown)$/) : outcome,
    });
    expect(ms).toBeLessThan(within + MORE);
    expect((await this.visitor.get('/public')).json).toEqual({ ok: true });
    expect((await this.visitor.get('/static/app.css')).status).toBe(200);
  }

  /** The message names the store and what it was doing, and nobody's key, ticket or password. */
  explained({ code, message }: { code: string; message: string }, says?: RegExp): void {
    const begins: Readonly<Record<string, string>> = {
      STORE_DOWN: 'The session store does not answer',
      STORE_FAILED: `${this.#store} store, (read|create|update|touch|put|destroy): `,
      STORE_TIMEOUT: "The store did not answer '(read|create|update|touch|put|destroy|queue)'",
    };
    expect(message).toMatch(new RegExp(`^${begins[code]}`));
    if (says !== undefined && code === 'STORE_FAILED') expect(message).toMatch(says);
    expect(message).not.toMatch(SECRETS);
    expect(message).not.toContain(this.visitor.jar.get(COOKIE));
    expect(message).not.toContain(this.key);
  }

  /** Who comes for the first time gets no cookie for what was not stored; who leaves loses his all the same. */
  async comesAndGoes(): Promise<void> {
    const leaving = new Visitor(this.#app.port);
    leaving.jar.store([`${COOKIE}=${this.visitor.jar.get(COOKIE)}; Secure; Path=/`]);
    const [born, logout] = await Promise.all([
      new Visitor(this.#app.port).post('/set', { k: 'a', v: 1 }),
      leaving.post('/destroy'),
    ]);
    expect([born.status, born.setCookie]).toEqual([503, []]);
    expect([logout.status, logout.setCookie]).toEqual([503, [expect.stringContaining('Max-Age=0')]]);
  }

  /**
   * All is well again, soon. Where the server still has what it held, the cookie is the one of before; else everybody
   * is logged out, and the old ticket brings nothing back.
   */
  async recovered(kept = true): Promise<void> {
    const before = this.visitor.jar.headers();
    const { ms, json } = await this.timed(async () => {
      for (;;) {
        const told = await this.write();
        if (told.status === 200) return told;
        await sleep(20);
      }
    });
    expect(ms).toBeLessThan(BACK);
    if (kept) {
      expect((await this.read()).json).toEqual({ value: 1 });
      expect(this.visitor.jar.headers()).toEqual(before);
    } else await this.#begunAnew(json, before);
  }

  async #begunAnew(written: unknown, before: Readonly<Record<string, string>>): Promise<void> {
    expect(written).toEqual({ ok: true, value: 1 });
    expect((await this.read()).json).toEqual({ value: null });
    expect(this.visitor.jar.headers()).not.toEqual(before);
    const old = await new Visitor(this.#app.port).ask({ path: '/keys', headers: before });
    expect(old.json).toEqual({ keys: [] });
  }
}
