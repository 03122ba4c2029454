import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
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

/** Programs of one Debian package. */
export interface Programs {
  /** The absolute path of each, in the order asked for; empty where they are missing. */
  readonly paths: readonly string[];
  /** Why they are not here and how to get them; undefined where they are. */
  readonly missing: string | undefined;
}

/** Which package has the programs. */
export interface Wanted {
  /** Debian's package. */
  readonly debian: string;
  readonly programs: readonly string[];
  /** Debian has it only in some releases, so that even with CI=true it may be missing. */
  readonly rare?: boolean;
}

const known = new Map<string, Promise<Programs>>();

/**
 * Where the programs are. As root in a container, Debian's package is installed if one is missing. With CI=true what
 * Debian has and is missing all the same is an error: nobody should believe that the tests ran.
 */
export function findPrograms(wanted: Wanted): Promise<Programs> {
  const name = `${wanted.debian} ${wanted.programs.join(' ')}`;
  const asked = known.get(name) ?? lookUp(wanted);
  known.set(name, asked);
  return asked;
}

/** The server of that name and its command line. */
export async function redisProgram(name: RedisName): Promise<RedisProgram> {
  const programs = [`${name}-server`, `${name}-cli`];
  const { paths, missing } = await findPrograms({ debian: `${name}-server`, programs, rare: name === 'valkey' });
  const [server = '', cli = ''] = paths;
  return { name, server, cli, missing };
}

/** What a suite that may be skipped calls itself. */
export function called(name: string, missing: string | undefined): string {
  return missing === undefined ? name : `${name} (skipped: ${missing})`;
}

async function lookUp(wanted: Wanted): Promise<Programs> {
  const found = onPath(wanted.programs);
  if (found !== undefined) return found;
  const refused = cannotInstall() ?? (await install(wanted));
  const installed = onPath(wanted.programs);
  if (installed !== undefined) return installed;
  const why = refused ?? 'installing it did not help';
  const missing = `there is no ${wanted.programs[0]}, and ${why}; on Debian: apt-get install ${wanted.debian}`;
  if (!wanted.rare && process.env.CI === 'true') throw new Error(missing);
  console.warn(`Skipping what needs ${wanted.programs[0]}: ${missing}`);
  return { paths: wanted.programs.map(() => ''), missing };
}

function onPath(programs: readonly string[]): Programs | undefined {
  const paths = programs.map(programPath);
  return paths.every((path) => path !== undefined) ? { paths, missing: undefined } : undefined;
}

export function programPath(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return [...folders, ...postgresFolders()].map((folder) => join(folder, program)).find(isExecutable);
}

/** Debian keeps the servers of PostgreSQL apart from other programs, for it may have several versions. */
function postgresFolders(): string[] {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root) : [];
  return versions.sort((one, other) => Number(other) - Number(one)).map((version) => join(root, version, 'bin'));
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
async function install({ debian, programs }: Wanted): Promise<string | undefined> {
  const script = 'command -v "$2" || { apt-get update -qq; apt-get install -y -qq --no-install-recommends "$1"; }';
  try {
    await run('flock', [join(tmpdir(), 'coatcheck-apt.lock'), 'sh', '-c', script, 'sh', debian, programs[0] ?? ''], {
      // Package scripts start no service in run level 1.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
      timeout: 300_000,
    });
    return undefined;
  } catch {
    return 'apt-get cannot install it';
  }
}
