import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOAD_CORE, start } from './processes.ts';

const SCRIPT = fileURLToPath(new URL('./load.lua', import.meta.url));
export const CONNECTIONS = 32;

/** What the load generator counted. */
export interface Load {
  readonly requests: number;
  /** Length of the slice, in microseconds. */
  readonly micros: number;
  /** Bytes of the answers. */
  readonly bytes: number;
  /** Answers that were no 2xx or 3xx. */
  readonly refused: number;
  /** Connections that broke or waited for more than 10 s. */
  readonly broken: number;
  /** Latency, in microseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Loads a URL for some seconds over 32 kept connections; `follow`: each takes over the cookies it is sent. */
export async function load(url: string, seconds: number, cookies: readonly string[], follow: boolean): Promise<Load> {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-load-'));
  try {
    const env: Record<string, string | undefined> = { ...process.env };
    if (cookies.length > 0) {
      env.BENCH_COOKIES = join(folder, 'cookies');
      writeFileSync(env.BENCH_COOKIES, `${cookies.join('\n')}\n`);
    }
    if (follow) env.BENCH_FOLLOW = 'yes';
    const args = [
      `-t${CONNECTIONS}`,
      `-c${CONNECTIONS}`,
      `-d${Math.ceil(seconds)}s`,
      '--timeout',
      '10s',
      '-s',
      SCRIPT,
      url,
    ];
    const child = start(LOAD_CORE, 'wrk', args, { stdio: ['ignore', 'pipe', 'inherit'], env });
    // wrk itself counts whole seconds only; interrupted it tells what it has.
    const end = Number.isInteger(seconds) ? undefined : setTimeout(() => child.kill('SIGINT'), seconds * 1000);
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
    clearTimeout(end);
    const result = /^RESULT (.*)$/m.exec(said)?.[1];
    if (result === undefined) throw new Error(`wrk did not tell a result:\n${said}`);
    return JSON.parse(result) as Load;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
