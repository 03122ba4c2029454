import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';
import { CONNECTIONS } from './load.ts';
import type { Options } from './options.ts';
import type { Group } from './results.ts';

/** Where and with what a run was made: nothing that names a machine or a folder. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Memory in GB. */
  readonly memory: string;
  readonly system: string;
  readonly versions: readonly string[];
  readonly command: string;
  readonly date: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly launches: number;
  readonly connections: number;
}

const PACKAGES = ['express', 'redis', 'ioredis', 'express-session', 'connect-redis', 'cookie-session', 'iron-session'];

export function machineOf(options: Options, groups: readonly Group[], redisVersion: string, command: string): Machine {
  const nodes = [...new Set(groups.map(({ node }) => `Node ${node.slice(1)}`))];
  return {
    cpu: cpus()[0]?.model ?? 'unknown processor',
    cores: cpus().length,
    memory: (totalmem() / 2 ** 30).toFixed(0),
    system: `${type()} ${release().split('-')[0]}`,
    versions: [
      ...nodes,
      `Redis ${redisVersion}`,
      ...PACKAGES.filter((name) => name !== (options.driver === 'redis' ? 'ioredis' : 'redis')).map(
        (name) => `${name} ${versionOf(name)}`,
      ),
    ],
    command,
    date: new Date().toISOString().slice(0, 10),
    rounds: options.rounds,
    seconds: options.seconds,
    launches: options.launches,
    connections: CONNECTIONS,
  };
}

/** Not every package lets its package.json be imported, so it is looked for above the entry point. */
function versionOf(name: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  for (;;) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
      if (manifest.name === name) return String(manifest.version);
    } catch {
      // Not in this folder.
    }
    if (dirname(folder) === folder) return 'of unknown version';
    folder = dirname(folder);
  }
}
