import { type FileHandle, mkdir, open, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from './file-errors.ts';

/** For the owner of the process only. */
export const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** How often a folder is made that others remove meanwhile. */
const TIMES = 10;

/**
 * Does it, and where one of these folders is missing makes them first, the upper one before the lower. Never more than
 * these: where the whole store is gone, as a disk that is not mounted, nothing may be written into the hole.
 *
 * @param fsync whether the names of the folders must survive a power cut
 */
export async function withFolders<T>(folders: readonly string[], act: () => Promise<T>, fsync = false): Promise<T> {
  for (let times = 0; ; times++) {
    try {
      return await act();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || times === TIMES) throw error;
    }
    for (const folder of folders) {
      await makeFolder(folder);
      if (fsync) await syncFolder(dirname(folder));
    }
  }
}

/** Makes a folder if it is missing; false where something is there. */
export async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: FOLDER_MODE });
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return false;
  }
}

/** Writes a file that must be new; what is half-written is taken away again. */
export async function writeNew(path: string, bytes: Uint8Array | undefined, fsync: boolean): Promise<void> {
  const handle = await open(path, 'wx', FILE_MODE);
  try {
    if (bytes !== undefined) await handle.writeFile(bytes);
    if (fsync) await handle.sync();
  } catch (error) {
    await handle.close().catch(() => undefined);
    await removeFile(path);
    throw error;
  }
  await handle.close();
}

/** All of a file of that size; undefined where its size is another one. */
export async function readWhole(path: string, size: number): Promise<Uint8Array | undefined> {
  const handle = await open(path, 'r');
  try {
    // One byte more, to see that there is none.
    const bytes = new Uint8Array(size + 1);
    const length = await fill(handle, bytes);
    return length === size ? bytes.subarray(0, size) : undefined;
  } finally {
    await handle.close();
  }
}

async function fill(handle: FileHandle, bytes: Uint8Array): Promise<number> {
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
    length += bytesRead;
    // What is expected is there but for the byte too many, and to ask for that costs as much as all the rest.
    if (bytesRead === 0 || length === bytes.length - 1) return length;
  }
  return length;
}

/** Whether the call did it; false where what it is about is not there. */
export async function ifThere(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Tidies up: what stays is nobody's, and the sweep finds it. */
export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}

/** The same for a folder, which only goes if it is empty. */
export async function removeEmpty(path: string): Promise<void> {
  await rmdir(path).catch(() => undefined);
}

/** Lets the names in a folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
