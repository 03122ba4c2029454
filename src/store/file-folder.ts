import { access, mkdir, readdir, readFile, rename, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CoatcheckError } from '../errors.ts';
import { FOLDER_MODE, makeFolder } from './file-disk.ts';
import { codeOf, fileError, fileFailure } from './file-errors.ts';
import { type Places, ROOMS } from './file-places.ts';

const LAYOUT = 1;
const SAYS = /^coatcheck (\d+)\n$/;

/** What a file system or a tool may have put into a folder that is empty otherwise. */
const NOBODYS = /^(\.|lost\+found$)/;

/**
 * Makes the folder ready, for its owner only where it is new.
 *
 * @throws CoatcheckError `STORE_URL_INVALID` for what can be no such folder, `STORE_FAILED` for one that cannot be used
 */
export async function prepareFolder(places: Places): Promise<void> {
  const { folder } = places;
  try {
    await make(folder);
    await claim(places);
    for (const room of ROOMS) await makeFolder(places.room(room));
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

async function make(folder: string): Promise<void> {
  const there = await stat(folder).catch(() => undefined);
  if (there?.isDirectory()) return;
  if (there) throw invalid(`${folder} is no folder. Name another one`);
  try {
    await makeFolder(folder);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    throw invalid(`there is no folder ${dirname(folder)}. Make it first`);
  }
}

/** A folder of somebody else's is left as it is: a sweep in it would be a disaster. */
async function claim(places: Places): Promise<void> {
  const { folder, format } = places;
  const text = await readFile(format, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) {
    const others = (await readdir(folder)).filter((name) => !NOBODYS.test(name) && !name.startsWith('format.'));
    // Another process may have begun a moment ago.
    if (others.includes('format')) return claim(places);
    if (others.length > 0)
      throw invalid(`${folder} is not empty, and not coatcheck's. Give coatcheck a folder of its own`);
    // Under another name first, so that nobody finds it half-written.
    const part = `${format}.${crypto.randomUUID()}`;
    await writeFile(part, `coatcheck ${LAYOUT}\n`, { flag: 'wx', mode: 0o600 });
    await rename(part, format);
    return;
  }
  const layout = Number(SAYS.exec(text)?.[1]);
  if (layout === LAYOUT) return;
  if (layout > LAYOUT) {
    throw fileError('opening', `a newer coatcheck made ${folder}: update coatcheck here, or name another folder`);
  }
  throw invalid(`${folder} is not empty, and not coatcheck's. Give coatcheck a folder of its own`);
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

function invalid(what: string): CoatcheckError {
  return new CoatcheckError('STORE_URL_INVALID', `File store: ${what}.`);
}
