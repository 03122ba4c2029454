import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSessions, type SessionEvent } from 'coatcheck';
import { WebSocket } from 'ws';
import { appOn } from '../../examples/reference/app.ts';
import { readSettings } from '../../examples/reference/env.ts';
import { listenerOf } from '../../examples/reference/listener.ts';
import { serveSockets } from '../../examples/reference/sockets.ts';
import { CookieJar } from '../../src/testing/cookie-jar.ts';
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts';
import { type FaultyStore, faultyStore } from '../../src/testing/faulty-store.ts';
import { storeFromUrl } from '../../src/url.ts';
import type { Ask } from '../http/servers.ts';
import { dump } from '../interface/harness.ts';
import type { Env } from './app.ts';
import { type Told, Visitor } from './visitor.ts';

/** The reference application in this process: its store counts and fails as told, and its clock stands still. */
export interface House {
  readonly port: number;
  readonly clock: FakeClock;
  readonly store: FaultyStore;
  /** How often such an event was told. */
  heard(type: string): number;
  newVisitor(): Person;
  /** All that the store holds. */
  held(): Promise<unknown>;
  stop(): Promise<void>;
}

export async function openHouse({ ADAPTER = '', SESSION_URI = '' }: Env): Promise<House> {
  const clock = fakeClock();
  const base = await storeFromUrl(SESSION_URI);
  const store = faultyStore(base);
  const events: SessionEvent[] = [];
  const sessions = createSessions({
    store,
    clock,
    sweep: false,
    // What is looked at is not how fast a busy machine is.
    deadline: '20s',
    onEvent: (event) => events.push(event),
  });
  const settings = readSettings({ ADAPTER, SESSION_URI });
  const app = appOn(sessions, settings);
  const server = createServer(await listenerOf(settings.adapter, app));
  const closeSockets = serveSockets(server, app, undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    clock,
    store,
    heard: (type) => events.filter((event) => event.type === type).length,
    newVisitor: () => new Person(port, new CookieJar({ clock })),
    held: () => dump(base),
    async stop() {
      closeSockets();
      server.closeAllConnections();
      server.close();
      await sessions.close();
      await base.close?.();
    },
  };
}

const SAME_ORIGIN = { 'Sec-Fetch-Site': 'same-origin' };

/** A visitor with a modern browser, which says where its requests come from. */
export class Person extends Visitor {
  readonly #port: number;

  constructor(port: number, jar: CookieJar = new CookieJar()) {
    super(port, { jar });
    this.#port = port;
  }

  override ask(ask: Ask & { path: string }): Promise<Told> {
    return super.ask({ ...ask, headers: { ...SAME_ORIGIN, ...ask.headers } });
  }

  /** The same with an old browser, which says nothing. */
  get silent(): Visitor {
    return new Visitor(this.#port, { jar: this.jar });
  }

  login(user: string, more: object = {}): Promise<Told> {
    return this.post('/login', { user, password: `${user}-pass`, ...more });
  }

  /** Who the next page says it is. */
  async name(): Promise<string | null> {
    return (await this.get('/me')).json.user;
  }

  cookie(name: string): string {
    return this.jar.get(name) ?? '';
  }

  /** The same at another process. */
  override at(port: number): Person {
    return new Person(port, this.jar);
  }

  /** A browser with some of these cookies: a thief's, or this one's after a restart. */
  with(...names: string[]): Person {
    const jar = new CookieJar();
    jar.store(names.map((name) => `${name}=${this.cookie(name)}; Secure; Path=/`));
    return new Person(this.#port, jar);
  }

  socket(origin: string = `http://127.0.0.1:${this.#port}`): WebSocket {
    return new WebSocket(`ws://127.0.0.1:${this.#port}/ws`, { origin, headers: this.jar.headers() });
  }
}
