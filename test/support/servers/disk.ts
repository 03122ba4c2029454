import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small file system of its own, that can be full, read-only or, of ext4, stand still. */
export interface Disk {
  /** Where it is mounted. */
  readonly folder: string;
  /** Leaves room for nothing. */
  fill(): void;
  /** Makes room again. */
  drain(): void;
  readOnly(on: boolean): void;
  /** Whoever writes waits, until it is thawed; which happens by itself after half a minute. */
  freeze(): void;
  thaw(): void;
  stop(): void;
}

const MEGABYTE = 1024 * 1024;
/** A process that waits for a frozen disk cannot even be killed. */
const FROZEN_SECONDS = 30;

/** Mounts it. */
export function startDisk(kind: 'tmpfs' | 'ext4'): Disk {
  const above = mkdtempSync(join(tmpdir(), 'coatcheck-disk-'));
  const folder = join(above, 'disk');
  mkdirSync(folder);
  const image = join(above, 'image');
  if (kind === 'tmpfs') run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder);
  else {
    writeFileSync(image, '');
    truncateSync(image, 16 * MEGABYTE);
    run('mkfs.ext4', '-q', '-m', '0', image);
    run('mount', '-o', 'loop', image, folder);
  }
  const filler = join(folder, 'filler');
  let frozen = false;
  let rescue: ChildProcess | undefined;
  const thaw = (): void => {
    const was = frozen;
    frozen = false;
    if (was) run('fsfreeze', '--unfreeze', folder);
    // The whole group: the shell and what it waits for.
    if (rescue?.pid !== undefined && rescue.exitCode === null) process.kill(-rescue.pid, 'SIGKILL');
    rescue = undefined;
  };
  return {
    folder,
    fill: () => fillUp(filler),
    drain: () => rmSync(filler),
    readOnly: (on) => run('mount', '-o', `remount,${on ? 'ro' : 'rw'}`, folder),
    freeze: () => {
      rescue = spawn('sh', ['-c', `sleep ${FROZEN_SECONDS}; fsfreeze --unfreeze "$1"`, 'sh', folder], {
        detached: true,
        stdio: 'ignore',
      });
      rescue.unref();
      run('fsfreeze', '--freeze', folder);
      frozen = true;
    },
    thaw,
    stop: () => {
      thaw();
      run('umount', '--lazy', folder);
      rmSync(above, { recursive: true, force: true });
    },
  };
}

/** Why there can be no such disk here; undefined where there can. */
export function diskMissing(kind: 'tmpfs' | 'ext4'): string | undefined {
  try {
    const disk = startDisk(kind);
    if (kind === 'ext4') {
      disk.freeze();
      disk.thaw();
    }
    disk.stop();
    return undefined;
  } catch {
    return `this process may not mount a ${kind}: it needs root, CAP_SYS_ADMIN${kind === 'ext4' ? ', a loop device and mkfs.ext4' : ''}`;
  }
}

function fillUp(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let size = MEGABYTE / 4; size >= 1; size = Math.floor(size / 2)) {
      const bytes = new Uint8Array(size);
      try {
        for (;;) writeSync(file, bytes);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'pipe' });
}
