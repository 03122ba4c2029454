import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Where a program is, or undefined. */
export function which(program: string): string | undefined {
  try {
    return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** What the benchmark needs and does not find, with what to do about it. */
export function missingPrograms(): string[] {
  return ['wrk', 'redis-server']
    .filter((program) => which(program) === undefined)
    .map((program) => `${program} is missing: apt-get install ${program === 'wrk' ? 'wrk' : 'redis-server'}`);
}

/** The server has this core alone; Redis, the load and this process share the other. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

export const pinned: boolean = which('taskset') !== undefined && availableParallelism() > 1;

/** Starts a program on one core, where that can be done. */
export function start(core: number, program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const [first = program, ...rest] = [...(pinned ? ['taskset', '-c', String(core)] : []), program, ...args];
  return spawn(first, rest, options);
}

/** Moves this process beside the load. */
export function pinSelf(): void {
  if (pinned) execFileSync('taskset', ['-acp', String(LOAD_CORE), String(process.pid)], { stdio: 'ignore' });
}

/** Ends a child and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await gone;
}
