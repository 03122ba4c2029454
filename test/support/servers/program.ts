import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type RedisName = 'redis' | 'valkey';

export interface RedisProgram {
  readonly name: RedisName;
  /** Absolute, and of the command line beside it; empty where they are missing. */
  readonly server: string;
  readonly cli: string;
  /** Why it is not here and how to get it; undefined where it is. */
  readonly missing: string | undefined;
}

const known = new Map<RedisName, Promise<RedisProgram>>();

/**
 * Where the server of that name is. As root in a container, Debian's package is installed if it is missing. With
 * CI=true a missing Redis is an error: nobody should believe that the tests ran.
 */
export function redisProgram(name: RedisName): Promise<RedisProgram> {
  const asked = known.get(name) ?? lookUp(name);
  known.set(name, asked);
  return asked;
}

/** What a suite that may be skipped calls itself. */
export function called(name: string, missing: string | undefined): string {
  return missing === undefined ? name : `${name} (skipped: ${missing})`;
}

async function lookUp(name: RedisName): Promise<RedisProgram> {
  const found = onPath(name);
  if (found !== undefined) return found;
  const refused = cannotInstall() ?? (await install(`${name}-server`));
  const installed = onPath(name);
  if (installed !== undefined) return installed;
  const why = refused ?? 'installing it did not help';
  const missing = `there is no ${name}-server, and ${why}; on Debian: apt-get install ${name}-server`;
  if (name === 'redis' && process.env.CI === 'true') throw new Error(missing);
  console.warn(`Skipping what needs ${name}: ${missing}`);
  return { name, server: '', cli: '', missing };
}

function onPath(name: RedisName): RedisProgram | undefined {
  const [server, cli] = [programPath(`${name}-server`), programPath(`${name}-cli`)];
  return server === undefined || cli === undefined ? undefined : { name, server, cli, missing: undefined };
}

export function programPath(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function cannotInstall(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can install it';
  if (programPath('apt-get') === undefined || programPath('flock') === undefined) return 'there is no apt-get';
  // Installed there, the package would also start a service that nobody asked for.
  if (existsSync('/run/systemd/system')) return 'a machine with services of its own is left as it is';
  return undefined;
}

/** Waits for other workers that install, and does nothing where one of them already has; why it failed. */
async function install(name: string): Promise<string | undefined> {
  const script = 'command -v "$1" || { apt-get update -qq; apt-get install -y -qq --no-install-recommends "$1"; }';
  try {
    await run('flock', [join(tmpdir(), 'coatcheck-apt.lock'), 'sh', '-c', script, 'sh', name], {
      // Package scripts start no service in run level 1.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
      timeout: 300_000,
    });
    return undefined;
  } catch {
    return 'apt-get cannot install it';
  }
}
