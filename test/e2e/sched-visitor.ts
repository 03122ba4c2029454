import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSessions, type Sessions, type SessionsOptions, type Store } from 'coatcheck';
import { CookieJar } from 'coatcheck/testing';
import { schedApp } from '../../examples/sched/app.ts';
import type { SchedOptions } from '../../examples/sched/services.ts';

export const NOW: Date = new Date(2026, 10, 24, 8, 40);

export const PASSWORD = 'a coat and a ticket';

/** The demo in this process. */
export interface Running {
  readonly sessions: Sessions;
  readonly origin: string;
  stop(): Promise<void>;
}

export async function runSched(
  store: Store,
  { options = {}, settings = {} }: { options?: SchedOptions; settings?: Omit<SessionsOptions, 'store'> } = {},
): Promise<Running> {
  const sessions = createSessions({ store, cookie: { secure: false }, ...settings });
  const server: Server = schedApp(sessions, { now: () => NOW, secure: false, ...options }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    sessions,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await sessions.close();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  readonly location: string | null;
}

export type Form = Readonly<Record<string, string>> | readonly (readonly [string, string])[];

function isList(form: Form): form is readonly (readonly [string, string])[] {
  return Array.isArray(form);
}

/** A browser from before `Sec-Fetch-Site`, without script: what it posts counts by the token of the page that it is on. */
export class Visitor {
  jar: CookieJar = new CookieJar();
  /** Where it goes; the same cookies for every process of one application. */
  origin: string;
  #token: string | undefined;

  constructor({ origin }: Pick<Running, 'origin'>) {
    this.origin = origin;
  }

  /** Of the page that was read last. */
  get token(): string {
    return this.#token ?? '';
  }

  async send(path: string, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<Answer> {
    const headers = { ...this.jar.headers(path, { secure: false }), ...init.headers };
    const response = await fetch(this.origin + path, { ...init, headers, redirect: 'manual' });
    this.jar.store(response.headers.getSetCookie(), { path, secure: false });
    const body = await response.text();
    this.#token = /name="csrf_token" value="([\w-]+)"/.exec(body)?.[1] ?? this.#token;
    return { status: response.status, headers: response.headers, body, location: response.headers.get('location') };
  }

  async read(path: string): Promise<string> {
    return (await this.send(path)).body;
  }

  /** Posts a form of the page that was read last. */
  post(path: string, form: Form = {}): Promise<Answer> {
    const entries = [['csrf_token', this.token], ...(isList(form) ? form : Object.entries(form))];
    const body = new URLSearchParams(entries as [string, string][]);
    return this.send(path, { method: 'POST', body });
  }

  /** Follows a redirect. */
  async follow({ location }: Answer): Promise<string> {
    return this.read(location ?? '/no-redirect');
  }

  async register(name: string, password: string = PASSWORD): Promise<string> {
    await this.read('/register');
    return this.follow(await this.post('/register', { name, password }));
  }

  async logIn(name: string, more: Record<string, string> = {}): Promise<string> {
    await this.read('/login');
    return this.follow(await this.post('/login', { name, password: PASSWORD, ...more }));
  }

  /** The same browser at the same page, as it is now. */
  copy(): Visitor {
    const copy = new Visitor(this);
    for (const name of this.jar.names()) copy.jar.store([`${name}=${this.jar.get(name)}; Path=/`], { secure: false });
    copy.#token = this.#token;
    return copy;
  }
}

/** All that a store holds, in the order of its keys. */
export async function dumpOf(store: Store): Promise<unknown[]> {
  const all: [string, unknown][] = [];
  let cursor: string | undefined;
  do {
    const found = await store.scan?.(cursor, 100);
    for (const { key } of found?.entries ?? []) all.push([key, await store.read(key)]);
    cursor = found?.cursor;
  } while (cursor !== undefined);
  return all.sort(([a], [b]) => (a < b ? -1 : 1));
}
