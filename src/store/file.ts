/*
 * The layout. <k> is the key with its `:` as `.`, <s> the first two digits of its hash, <id> random and never given
 * twice. A label is an empty file whose name is all that is known of the record but its document (file-label.ts).
 *
 *   format                      'coatcheck 1'
 *   records/<s>/<k>/<label>     the folder of a record has one file, its label, or is empty: no record
 *   documents/<s>/<k>_<id>      the document that the label with this id speaks of; written once, whole, then never again
 *   owners/<s>/<owner>/<until>_<k>_<entry>
 *                               an empty file for each record of an owner
 *   new/<k>_<id>/               a record that is being made ready
 *
 * What decides is always one call of the system, which is done or not done and never half done:
 *
 *   read       readdir of the record's folder, then open, read, close of the document
 *              an empty folder is no record once rmdir removed it; where that is refused (ENOTEMPTY), look again
 *   create     mkdir new/<k>_<id>, write the document, write the label into the new folder,
 *              RENAME the new folder to records/<s>/<k>: refused (ENOTEMPTY) where a label is in it
 *   update     readdir, write the next document, RENAME the label that was read to the next label, unlink the old document
 *   touch      readdir, RENAME the label to one with a later expiry
 *   destroy    readdir, UNLINK the label, unlink the document, rmdir
 *   put        as create or update, again from the beginning where the record came, went or changed meanwhile
 *   sweep      as destroy, with the label whose expiry was looked at
 *
 * Why that compares and sets, without a lock. Rename and unlink name the label they saw. A label's id was never there
 * before, and while the id stays the expiry only grows, so a label that is gone never comes back: of all who saw it
 * exactly one finds it there, and the others get ENOENT, look again and answer conflict or gone. Only the rename of a
 * whole new folder brings a label to where none was, and only into a place that is empty. So a record has one label at
 * the most, at every moment, and what was destroyed can only be created, under another id. A process that is stopped
 * for an hour between two calls and then goes on has its rename refused like everybody else's; and one that is stopped
 * inside of it, while the folder of the record is replaced by another, for the old one had to be empty before it went.
 *
 * What a killed writer leaves, by its last call:
 *
 *   create     before the rename: a folder in new/, perhaps a document that no label speaks of
 *              after it: a whole record, perhaps without its entry in owners/; nobody ever got its answer
 *   update     before the rename: a document that no label speaks of. After it: the old document
 *   destroy    after the unlink: a document that no label speaks of, an empty folder, an entry in owners/
 *
 * None of it is seen by a reader, blocks a writer or has to be repaired. The sweep takes it away a minute later, after
 * it has barred the way of a writer that may only be stopped (file-sweep.ts). A reader whose document went away
 * between its two steps met an update, and looks again; it never waits for anybody.
 *
 * Nothing is forced to the disk unless `fsync` says so. The system has what was answered when the process is killed;
 * after a power cut records of the last half minute may be missing, old or damaged (a label whose document is not
 * whole: a coded error of that record alone). With `fsync` the document is on the disk before its label, and the
 * label before the answer.
 */
import { resolve } from 'node:path';
import { CoatcheckError } from '../errors.ts';
import { checkOptionNames, STORE_HABITS } from '../option-names.ts';
import type { Store } from './contract.ts';
import { prepareFolder } from './file-folder.ts';
import { Places } from './file-places.ts';
import { FileStore } from './file-store.ts';

export interface FileStoreOptions {
  /**
   * The path of a folder that nobody else writes into, on a disk of this machine. It is made if it is missing; the
   * folder above it must be there. Never a path that came with a request.
   */
  readonly folder: string;
  /** Whether a write is on the disk before it is answered, so that a power cut loses nothing. Default `false`. */
  readonly fsync?: boolean;
}

const OPTIONS = ['folder', 'fsync'];

const FOLDER = "The folder is called folder: { folder: './sessions' }";
const SWEEP = "How often expired records are removed is said to createSessions: sweep: '10m'";
const PLAIN =
  'Documents are written as they are. Sessions that nobody can read are sealed cookies: createCookieSessions';
const NO_RETRIES = 'Nothing is read half-written, so there is nothing to try again. Leave it out';

/** Of session-file-store, and of the file store of Flask-Session. */
const HABITS: Readonly<Record<string, string>> = {
  ...STORE_HABITS,
  path: FOLDER,
  dir: FOLDER,
  directory: FOLDER,
  url: FOLDER,
  mode: 'Files are for their owner only, mode 0600. Leave mode out',
  threshold: 'No session is pushed out by another one, however many there are. Leave threshold out',
  reapInterval: SWEEP,
  reapAsync: SWEEP,
  reapSyncFallback: SWEEP,
  reapMaxConcurrent: SWEEP,
  retries: NO_RETRIES,
  factor: NO_RETRIES,
  minTimeout: NO_RETRIES,
  maxTimeout: NO_RETRIES,
  secret: PLAIN,
  encryptEncoding: PLAIN,
  encoder: STORE_HABITS.serializer ?? '',
  decoder: STORE_HABITS.serializer ?? '',
  fileExtension: 'Names of files are the keys, which are hashes. Leave fileExtension out',
  keyFunction: 'Names of files are the keys, which are hashes. Leave keyFunction out',
  logFn: 'What happens is told by events: sessions.on(...)',
  fallbackSessionFn: 'A session that is not there is empty. Leave fallbackSessionFn out',
};

/**
 * Keeps records in a folder of files, which several processes of one machine may share. Compare-and-set is one rename
 * of a file that must be there, so it is exact between all of them, needs no lock, and survives the death of any.
 *
 * For disks of the machine: over a network (NFS, SMB) reads may be behind, and a rename may be answered wrongly. Not
 * for Windows, where a folder cannot be renamed over an empty one.
 *
 * It is a promise because a folder that cannot be written should end the start and not the first request; hand it to
 * `createSessions` with or without `await`.
 *
 * @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`, `STORE_URL_INVALID`, or `STORE_FAILED` for a folder that
 *   cannot be used
 *
 * @example
 * const sessions = createSessions({ store: await openFiles({ folder: './sessions' }) });
 */
export async function openFiles(options: FileStoreOptions): Promise<Store> {
  checkOptionNames(options, {
    whose: 'File store: ',
    names: OPTIONS,
    habits: HABITS,
    example: "openFiles({ folder: './sessions' })",
  });
  const { folder, fsync = false } = options;
  checkFolder(folder);
  if (typeof fsync !== 'boolean') throw new CoatcheckError('OPTION_INVALID', 'File store: `fsync` is true or false.');
  if (globalThis.process?.platform === 'win32') {
    throw new CoatcheckError('STORE_FAILED', 'File store: it does not work on Windows. Use openSqlite there.', {
      outcome: 'none',
    });
  }
  // Where it is now: the process may go elsewhere later.
  const places = new Places(resolve(folder));
  await prepareFolder(places);
  return new FileStore(places, fsync);
}

function checkFolder(folder: unknown): void {
  if (typeof folder !== 'string') {
    throw new CoatcheckError('OPTION_INVALID', 'File store: `folder` must be the path of a folder.');
  }
  // The text is not repeated: it may be a URL with a password.
  if (folder === '' || folder.includes('\0') || /^[a-z][a-z0-9+.-]+:/i.test(folder)) {
    throw new CoatcheckError(
      'STORE_URL_INVALID',
      "File store: `folder` must be the path of a folder, such as './sessions'; no URL.",
    );
  }
}
