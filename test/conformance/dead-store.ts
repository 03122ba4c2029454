import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { App } from './app.ts';
import { type Told, tell, Visitor } from './visitor.ts';

/** The deadline of the reference application, in milliseconds. */
export const DEADLINE = 2000;
/** What a request may take beyond the deadline, in milliseconds. */
const MORE = 100;
/** How soon after a server's return the first request must succeed, in milliseconds. */
const BACK = 1500;

/** A visitor who is there while the store of an application fails: what must hold then, and afterwards. */
export class Witness {
  readonly visitor: Visitor;
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
    this.visitor = new Visitor(app.port);
  }

  /** Gets a session with `a: 1` and `n: 1`. */
  async arrive(): Promise<void> {
    expect((await this.visitor.post('/set', { k: 'a', v: 1 })).status).toBe(200);
    expect((await this.write()).json).toEqual({ ok: true, value: 1 });
  }

  read = (): Promise<Told> => this.visitor.get('/get?k=a');
  write = (): Promise<Told> => this.visitor.post('/incr', { k: 'n' });

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

  /** A 503 in time that costs no cookie; who does not need the session is served. */
  async refused(ask: () => Promise<Told>, outcome?: 'none' | 'unknown', within = DEADLINE): Promise<void> {
    const { status, json, setCookie, ms } = await this.timed(ask);
    expect([status, setCookie, json.error.code]).toEqual([503, [], expect.stringMatching(/^STORE_/)]);
    expect(json.error).toMatchObject({ outcome: outcome ?? expect.stringMatching(/^(none|unknown)$/) });
    expect(ms).toBeLessThan(within + MORE);
    expect((await this.visitor.get('/public')).json).toEqual({ ok: true });
    expect((await this.visitor.get('/static/app.css')).status).toBe(200);
  }

  /** Who comes for the first time gets no cookie for what was not stored; who leaves loses his all the same. */
  async comesAndGoes(): Promise<void> {
    const born = await new Visitor(this.#app.port).post('/set', { k: 'a', v: 1 });
    expect([born.status, born.setCookie]).toEqual([503, []]);
    const leaving = new Visitor(this.#app.port);
    leaving.jar.store([`__Host-session=${this.visitor.jar.get('__Host-session')}; Secure; Path=/`]);
    const logout = await leaving.post('/destroy');
    expect([logout.status, logout.setCookie]).toEqual([503, [expect.stringContaining('Max-Age=0')]]);
  }

  /**
   * All is well again, soon and without a new cookie.
   *
   * @param kept whether the server still has what it held
   */
  async recovered(kept = true): Promise<void> {
    const { cookie } = this.visitor.jar.headers();
    const { ms } = await this.timed(async () => {
      for (;;) {
        const told = await this.write();
        if (told.status === 200) return told;
        await sleep(20);
      }
    });
    expect(ms).toBeLessThan(BACK);
    expect((await this.read()).json).toEqual({ value: kept ? 1 : null });
    expect(this.visitor.jar.headers().cookie === cookie).toBe(kept);
  }
}
