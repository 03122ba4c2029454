import type { Stats } from 'node:fs';
import { access, lstat, mkdir, readdir, readFile, rename, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CoatcheckError } from '../errors.ts';
import { FOLDER_MODE, makeFolder, syncFolder, writeNew } from './file-disk.ts';
import { codeOf, fileError, fileFailure } from './file-errors.ts';
import { type Places, ROOMS } from './file-places.ts';

const LAYOUT = 1;
const SAYS = /^coatcheck (\d+)\n$/;

/** What a file system or a tool may have put into a folder that is empty otherwise. */
const NOBODYS = /^(\.|lost\+found$)/;

/** What a power cut may leave of a text. */
const LOST = /^\0*$/;

/** For others to write into: the group, and everybody. */
const OPEN_MODES = 0o022;

/** How often a `format` may be seen and then not be there. */
const TIMES = 10;

const encoder = new TextEncoder();

/**
 * Makes the folder ready, for its owner only where it is new.
 *
 * @throws CoatcheckError `STORE_URL_INVALID` for what can be no such folder, `STORE_FAILED` for one that cannot be used
 */
export async function prepareFolder(places: Places): Promise<void> {
  const { folder } = places;
  try {
    await claim(places, await make(folder));
    for (const room of ROOMS) {
      const path = places.room(room);
      if (!(await makeFolder(path))) checkOurs(path, await lstat(path));
    }
    await settle(folder);
    await probe(places);
  } catch (error) {
    throw fileFailure(error, `opening ${folder}`, 'none');
  }
}

/**
 * Where something is missing: is the store there at all? A disk that is not mounted any more is no visitor without a
 * session.
 *
 * @throws CoatcheckError `STORE_FAILED` where it is not
 */
export async function checkThere(places: Places, verb: string): Promise<undefined> {
  try {
    await access(places.format);
  } catch (error) {
    throw fileFailure(error, verb, 'none');
  }
}

/** Whether it was this process that made it. */
async function make(folder: string): Promise<boolean> {
  const there = await stat(folder).catch(() => undefined);
  if (there?.isDirectory()) return false;
  if (there) throw invalid(`${folder} is no folder. Name another one`);
  try {
    return await makeFolder(folder);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    throw invalid(`there is no folder ${dirname(folder)}. Make it first`);
  }
}

/** A folder of somebody else's is left as it is: a sweep in it would be a disaster. */
async function claim(places: Places, made: boolean): Promise<void> {
  const { folder, format } = places;
  for (let times = 0; times < TIMES; times++) {
    const text = await readFormat(places);
    if (!made) checkOurs(folder, await stat(folder));
    if (text !== undefined && !LOST.test(text)) return checkLayout(text, folder);
    const others = (await readdir(folder)).filter((name) => !NOBODYS.test(name) && !name.startsWith('format.'));
    // Another process may have begun a moment ago.
    if (text === undefined && others.includes('format')) continue;
    if (text === undefined ? others.length > 0 : !areRooms(others)) throw notOurs(folder);
    // Under another name first, so that nobody finds it half-written; and on the disk, for without it all the rest is
    // nobody's.
    const part = `${format}.${crypto.randomUUID()}`;
    await writeNew(part, encoder.encode(`coatcheck ${LAYOUT}\n`), true);
    await rename(part, format);
    return settle(folder);
  }
  throw fileError('opening', `the file \`format\` in ${folder} comes and goes`, true);
}

/** The text of it; undefined where there is none. */
async function readFormat({ folder, format }: Places): Promise<string | undefined> {
  try {
    // No link: what it points to may be missing, or anybody's.
    if (!(await lstat(format)).isFile()) throw notOurs(folder);
    return await readFile(format, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function checkLayout(text: string, folder: string): void {
  const layout = Number(SAYS.exec(text)?.[1]);
  if (layout === LAYOUT) return;
  if (layout > LAYOUT) {
    throw fileError('opening', `a newer coatcheck made ${folder}: update coatcheck here, or name another folder`);
  }
  throw notOurs(folder);
}

/** Beside `format` there is something, and nothing but folders of ours. */
function areRooms(names: readonly string[]): boolean {
  const rooms: readonly string[] = ROOMS;
  return names.length > 1 && names.every((name) => name === 'format' || rooms.includes(name));
}

/** Whoever else may write there can bring back what ended, or log in as anybody. */
function checkOurs(path: string, there: Stats): void {
  if (!there.isDirectory()) throw fileError('opening', `${path} is no folder: give coatcheck a folder of its own`);
  const own = userOf();
  if (own === undefined) return;
  const instead = 'or name a folder that is not there yet, which is made for the user of this process only';
  if (there.uid !== own) {
    throw fileError('opening', `${path} belongs to another user: chown it to the one of this process, ${instead}`);
  }
  if ((there.mode & OPEN_MODES) !== 0) {
    throw fileError('opening', `others may write into ${path}: chmod go-w it, ${instead}`);
  }
}

/** The user that this process acts as; undefined where nobody knows, or may know. */
function userOf(): number | undefined {
  try {
    return globalThis.process?.geteuid?.();
  } catch {
    return undefined;
  }
}

/** Some file systems cannot, and that is no reason not to start. */
async function settle(folder: string): Promise<void> {
  await syncFolder(folder).catch(() => undefined);
}

/** Writes something, so that a folder which must not be written ends the start and not the first visitor's request. */
async function probe(places: Places): Promise<void> {
  const name = `probe-${crypto.randomUUID()}`;
  const path = places.room('records', name);
  try {
    await mkdir(places.room('new', name), { mode: FOLDER_MODE });
    await rename(places.room('new', name), path);
    await rmdir(path);
  } catch (error) {
    // A full disk is no mistake of the start: what is there can be read.
    const code = codeOf(error);
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
  }
}

function notOurs(folder: string): CoatcheckError {
  return invalid(`${folder} is not empty, and not coatcheck's. Give coatcheck a folder of its own`);
}

function invalid(what: string): CoatcheckError {
  return new CoatcheckError('STORE_URL_INVALID', `File store: ${what}.`);
}
