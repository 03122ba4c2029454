import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { built } from '../support/built.ts';
import { Stores } from './stores.ts';
import { tell } from './visitor.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What the reference application prints of the sessions' events with EVENTS=1. */
export interface AppEvent {
  readonly event: string;
  readonly at: number;
  readonly handle?: string;
  readonly address?: string;
  readonly keys?: readonly string[];
  readonly reason?: string;
}

/** A running reference application. */
export interface App {
  readonly port: number;
  readonly pid: number;
  readonly events: AppEvent[];
  /** Waits until the events of all requests that were answered before have arrived. */
  settle(): Promise<void>;
  /** Sends SIGTERM and waits for the end; the exit status. */
  stop(): Promise<number | null>;
}

/** A process that ended before it listened. */
export interface Refusal {
  readonly status: number | null;
  readonly stderr: string;
}

export type Env = Readonly<Record<string, string>>;

/** What MODE=cookie needs. */
export const SEALED: Env = { MODE: 'cookie', SECRET: 'sA_8OiW0DfhxJ4eGhtWKh6hY7PYJsKItMJj31_Si_wA' };

/** Applications and a folder for one test file; all of it goes with the file's last test. */
export interface Fleet {
  readonly folder: string;
  start(env: Env | Promise<Env>): Promise<App>;
  /** The environment of a cell; each call has a database of its own, where the store has several. */
  cell(adapter: string, store: string): Promise<Env>;
  /** Two applications on one store. */
  pair(one: string, other: string, store: string): Promise<readonly [App, App]>;
}

export function fleet(): Fleet {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-conformance-'));
  const started: Promise<App>[] = [];
  const stores = new Stores(folder);
  afterAll(async () => {
    for (const app of await Promise.allSettled(started)) if (app.status === 'fulfilled') await app.value.stop();
    await stores.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = (env: Env | Promise<Env>): Promise<App> => {
    const app = Promise.resolve(env).then(startApp);
    started.push(app);
    return app;
  };
  const cell = async (adapter: string, store: string): Promise<Env> => ({
    ADAPTER: adapter,
    ...(await stores.settings(store)),
  });
  return {
    folder,
    start,
    cell,
    async pair(one, other, store) {
      const env = await cell(one, store);
      return Promise.all([start(env), start({ ...env, ADAPTER: other })]);
    },
  };
}

function spawnApp(env: Env): { child: ChildProcess; stderr: () => string } {
  // Vitest's own environment has a MODE too.
  const { PATH, HOME, TMPDIR, DATASTORE_EMULATOR_HOST } = process.env;
  const child = spawn(process.execPath, [built('examples/reference/server.ts')], {
    cwd: ROOT,
    env: { PATH, HOME, TMPDIR, DATASTORE_EMULATOR_HOST, NODE_ENV: 'test', PORT: '0', EVENTS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  return { child, stderr: () => text };
}

function startApp(env: Env): Promise<App> {
  const { child, stderr } = spawnApp(env);
  const events: AppEvent[] = [];
  const ended = endOf(child);
  const stop = (): Promise<number | null> => {
    child.kill('SIGTERM');
    return ended;
  };
  return new Promise((resolve, reject) => {
    ended.then((status) => reject(new Error(`The application ended with ${status}: ${stderr()}`)));
    if (child.stdout === null) return;
    createInterface(child.stdout).on('line', (line) => {
      const port = /^listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
      if (port === undefined) events.push(JSON.parse(line) as AppEvent);
      else resolve({ port: Number(port), pid: child.pid ?? 0, events, settle: settler(Number(port), events), stop });
    });
  });
}

/** Lines arrive in their order: once the event of a request of our own is there, all earlier ones are. */
function settler(port: number, events: readonly AppEvent[]): () => Promise<void> {
  const seen = (): number => events.filter(({ reason }) => reason === 'malformed').length;
  let sent = 0;
  return async () => {
    sent += 1;
    await tell(port, { path: '/public', headers: { Cookie: '__Host-session=settle' } });
    await until(() => seen() >= sent);
  };
}

/** Starts the application with settings that it must refuse. */
export async function refusal(env: Env): Promise<Refusal> {
  const { child, stderr } = spawnApp(env);
  child.stdout?.on('data', () => child.kill('SIGKILL'));
  return { status: await endOf(child), stderr: stderr() };
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

/** Waits for what another process will say. */
export async function until(true_: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!true_()) {
    if (performance.now() > end) throw new Error('It did not happen within 10 s.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function count(app: App, event: string): number {
  return app.events.filter((one) => one.event === event).length;
}
