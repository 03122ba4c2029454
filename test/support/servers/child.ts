import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programPath } from './program.ts';

/** Who the servers run as where we are root: they refuse to, or should not, run as root themselves. */
const NOBODY: { uid: number; gid: number } | undefined = process.getuid?.() === 0 ? nobody() : undefined;

const children = new Set<ChildProcess>();
const folders = new Set<string>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * A server process that ends with this one, however this one ends.
 *
 * @param asMe as who we are, even as root: for programs that nobody else may read
 */
export function spawnServer(program: string, args: readonly string[], folder: string, asMe = false): ChildProcess {
  // A worker of the test runner may be killed and run no exit handler.
  const setpriv = programPath('setpriv');
  const [command, ...before] = setpriv === undefined ? [program] : [setpriv, '--pdeathsig', 'KILL', program];
  const child = spawn(command as string, [...before, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(asMe ? undefined : NOBODY),
  });
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

/** A folder that a server may write. */
export function serverFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-server-'));
  if (NOBODY !== undefined) {
    chownSync(folder, NOBODY.uid, NOBODY.gid);
    chmodSync(folder, 0o755);
  }
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Gives a file to whom the servers run as. */
export function handOver(file: string): void {
  if (NOBODY !== undefined) chownSync(file, NOBODY.uid, NOBODY.gid);
}

/**
 * A port that nobody listens on, nor on the one 10,000 above it, where a cluster talks among itself. Below what the
 * system gives to outgoing connections, so that a server that was stopped finds its port free.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 11_000 + Math.floor(Math.random() * 10_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function nobody(): { uid: number; gid: number } | undefined {
  const line = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  return line === null ? undefined : { uid: Number(line[1]), gid: Number(line[2]) };
}

/** Asks again until it is so. What fails counts as not yet. */
export async function eventually(what: string, isSo: () => Promise<boolean>, within = 15_000): Promise<void> {
  const end = performance.now() + within;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > end) throw new Error(`${what} within ${within} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
