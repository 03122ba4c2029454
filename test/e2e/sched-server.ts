import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { built } from '../support/built.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The demo as its users run it: a process of its own on a database file. */
export class SchedServer {
  readonly #database: string;
  readonly #settings: Record<string, string>;
  #process: ChildProcess | undefined;
  #port = '0';
  #output = '';

  constructor(database: string, settings: Record<string, string> = {}) {
    this.#database = database;
    this.#settings = settings;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it on a free port, and ever after on the same one. */
  async start(): Promise<void> {
    const env = {
      ...process.env,
      SESSION_URI: `sqlite:${this.#database}`,
      PORT: this.#port,
      NODE_ENV: 'development',
      ...this.#settings,
    };
    const started = spawn(process.execPath, [built('examples/sched/server.ts')], { cwd: ROOT, env });
    this.#process = started;
    this.#output = '';
    await new Promise<void>((resolve, reject) => {
      const hear = (text: Buffer) => {
        this.#output += text;
        const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(this.#output)?.[1];
        if (port === undefined) return;
        this.#port = port;
        resolve();
      };
      started.stdout.on('data', hear);
      started.stderr.on('data', hear);
      started.once('error', reject);
      started.once('exit', (code) => reject(new Error(`The demo ended with ${code}:\n${this.#output}`)));
    });
  }

  /** Ends it by its pid, as an operator does; gives the exit code. */
  async stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<number | null> {
    const running = this.#process;
    if (running?.pid === undefined || running.exitCode !== null) return running?.exitCode ?? null;
    this.#process = undefined;
    const ended = once(running, 'exit') as Promise<[number | null]>;
    process.kill(running.pid, signal);
    return (await ended)[0];
  }
}
