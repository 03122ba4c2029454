import { spawnSync } from 'node:child_process';
import { readlinkSync, statSync } from 'node:fs';
import { programPath } from '../support/servers/program.ts';

/** Why no limit can be set for a server that runs; undefined where it can. */
export const limitMissing: string | undefined =
  programPath('prlimit') === undefined || process.platform !== 'linux' ? 'there is no prlimit program' : undefined;

/** The folder that a server runs in. */
export function folderOf(pid: number): string {
  return readlinkSync(`/proc/${pid}/cwd`);
}

/** `ulimit -f 0` for a server that runs: it can write to no file any more. It is in its power to lift it again. */
export function allowFiles(pid: number, allowed: boolean): void {
  const { uid, gid } = statSync(`/proc/${pid}`);
  // As its user: even root may need a capability for the processes of others.
  const who = process.getuid?.() === uid ? {} : { uid, gid };
  const limit = `--fsize=${allowed ? 'unlimited' : '0'}:`;
  const { status, stderr } = spawnSync('prlimit', ['--pid', `${pid}`, limit], { ...who, encoding: 'utf8' });
  if (status !== 0) throw new Error(`prlimit failed: ${stderr}`);
}
