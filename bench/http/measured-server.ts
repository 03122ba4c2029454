import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { end, SERVER_CORE, start } from './processes.ts';

const MAIN = fileURLToPath(new URL('./server/main.mjs', import.meta.url));
/** Signs and seals in every target that needs one. */
const SECRET = 'q7Rk2xWm9ZtB4vNc8LpY3sHd6JfG1uEa';

/** What a server is told. */
export interface ServerSettings {
  /** A target of server/targets/index.mjs. */
  readonly target: string;
  readonly framework: 'express' | 'node';
  readonly driver: 'redis' | 'ioredis';
  readonly store: 'redis' | 'memory';
  /** Kilobytes of session data. */
  readonly size: number;
  readonly redis: string | undefined;
  /** File URL of the folder with the compiled package, with a slash at its end. */
  readonly build: string;
  /** Folder for CPU profiles. */
  readonly profile?: string | undefined;
  /** Also the routes of the rates. */
  readonly rates?: boolean;
}

/** What a server has cost so far, by its own accounting. */
export interface Usage {
  /** User and system time, in microseconds. */
  readonly cpu: number;
  /** Resident memory, in bytes. */
  readonly rss: number;
}

/** One target in a process of its own. */
export class MeasuredServer {
  readonly url: string;
  readonly node: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number, node: string) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}`;
    this.node = node;
  }

  static async start(node: string, settings: ServerSettings): Promise<MeasuredServer> {
    const told = { ...settings, secret: SECRET };
    // There is no TLS on loopback, and no browser that would drop the cookie.
    const flags = ['--disable-warning=COATCHECK_SECURE_OVER_HTTP'];
    if (settings.profile !== undefined) {
      flags.push('--cpu-prof', `--cpu-prof-dir=${settings.profile}`, `--cpu-prof-name=${settings.target}.cpuprofile`);
    }
    const child = start(SERVER_CORE, node, [...flags, MAIN], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '', BENCH_SERVER: JSON.stringify(told) },
    });
    const { port, node: version } = await answer<{ port: number; node: string }>(child, settings.target);
    return new MeasuredServer(child, port, version);
  }

  usage(): Promise<Usage> {
    const answered = answer<Usage>(this.#child, 'the server');
    this.#child.send('usage');
    return answered;
  }

  /** It ends by itself when the channel closes, and so has time to write its profile. */
  async stop(): Promise<void> {
    if (!this.#child.connected) return end(this.#child);
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await gone;
  }
}

function answer<T>(child: ChildProcess, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`${name} ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as T);
    });
  });
}
