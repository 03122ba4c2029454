import { access, mkdir, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Document } from './contract.ts';
import {
  FOLDER_MODE,
  ifThere,
  readWhole,
  removeEmpty,
  removeFile,
  syncFolder,
  withFolders,
  writeNew,
} from './file-disk.ts';
import { codeOf, fileError, fileFailure, foreign } from './file-errors.ts';
import { checkThere } from './file-folder.ts';
import { type Label, labelName, readLabel } from './file-label.ts';
import type { Place, Places } from './file-places.ts';

/** How often a folder is looked at that the system shows empty and says is not. */
const LOOKS = 20;

/** What the system says to who may not remove a folder, be it empty or not. */
const UNASKED: readonly unknown[] = ['EACCES', 'EPERM', 'EROFS', 'EBUSY'];

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A document as it is written. */
export interface Content {
  readonly bytes: Uint8Array;
  readonly isText: boolean;
}

/** A copy: whoever gave the bytes may change them while they are being written. */
export function contentOf(document: Document): Content {
  return typeof document === 'string'
    ? { bytes: encoder.encode(document), isText: true }
    : { bytes: Uint8Array.from(document), isText: false };
}

/** The steps that file.ts speaks of, each of which happens at once or not at all. */
export class FileRecords {
  readonly #places: Places;
  readonly #fsync: boolean;

  constructor(places: Places, fsync: boolean) {
    this.#places = places;
    this.#fsync = fsync;
  }

  /** The label; undefined where there is no record. */
  async look(place: Place, verb: string): Promise<Label | undefined> {
    for (let looks = 1; looks <= LOOKS; looks++) {
      let names: string[];
      try {
        names = await readdir(place.record);
      } catch (error) {
        const code = codeOf(error);
        if (code === 'ENOENT') return checkThere(this.#places, verb);
        throw code === 'ENOTDIR' || code === 'ELOOP' ? foreign(verb) : fileFailure(error, verb, 'none');
      }
      for (const name of names) {
        const label = readLabel(name);
        if (label !== undefined) return label;
      }
      if (names.length > 0) throw foreign(verb);
      // Emptied a moment ago. Asked twice, for some file systems lose a name from sight while it is being changed; and
      // then it is the system's word that counts, which removes no folder that has anything in it.
      if (looks > 1 && (await this.#isEmpty(place, verb))) return undefined;
    }
    throw fileError(verb, 'the file system shows a folder as empty that is not', true);
  }

  async #isEmpty(place: Place, verb: string): Promise<boolean> {
    try {
      await rmdir(place.record);
      return true;
    } catch (error) {
      const code = codeOf(error);
      // The next look tells a folder that somebody else removed from a store that went away.
      if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOENT') return false;
      if (UNASKED.includes(code)) return true;
      throw fileFailure(error, verb, 'none');
    }
  }

  /** What the label's document holds; undefined where it is not there, or not whole. */
  async document(place: Place, { id, size, isText }: Label, verb: string): Promise<Document | undefined> {
    try {
      const bytes = await readWhole(place.document + id, size);
      return bytes && isText ? decoder.decode(bytes) : bytes;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw fileFailure(error, verb, 'none');
    }
  }

  /** Writes a document that nothing speaks of yet. */
  async write(place: Place, { id }: Label, { bytes }: Content, verb: string): Promise<void> {
    const path = place.document + id;
    try {
      await withFolders([dirname(path)], () => writeNew(path, bytes, this.#fsync), this.#fsync);
      if (this.#fsync) await syncFolder(dirname(path));
    } catch (error) {
      throw fileFailure(error, verb, 'none');
    }
  }

  /** Puts one label in the place of another; false where that one is not there any more. */
  async relabel(place: Place, from: Label, to: Label, verb: string): Promise<boolean> {
    try {
      const call = rename(join(place.record, labelName(from)), join(place.record, labelName(to)));
      if (!(await ifThere(call))) return false;
    } catch (error) {
      throw fileFailure(error, verb, 'unknown');
    }
    // The end of a life may be lost in a power cut; a new document must not.
    if (from.id !== to.id) await this.#settle(place.record, verb);
    return true;
  }

  /** Makes a record ready, and puts it where there is none; false where there is one. */
  async make(place: Place, label: Label, content: Content, verb: string): Promise<boolean> {
    const fresh = place.fresh + label.id;
    try {
      // The folder is first: to take it away is to stop this writer, and the sweep does so before it takes the document.
      await mkdir(fresh, { mode: FOLDER_MODE });
      await this.write(place, label, content, verb);
      await writeNew(join(fresh, labelName(label)), undefined, this.#fsync);
      if (this.#fsync) await syncFolder(fresh);
    } catch (error) {
      await this.#abandon(place, label);
      throw fileFailure(error, verb, 'none');
    }
    try {
      await withFolders([dirname(place.record)], () => rename(fresh, place.record), this.#fsync);
    } catch (error) {
      const code = codeOf(error);
      const taken = code === 'ENOTEMPTY' || code === 'EEXIST';
      const failure = fileFailure(error, verb, 'unknown');
      const swept = code === 'ENOENT' && !(await isThere(fresh));
      if (taken || failure.outcome === 'none') await this.#abandon(place, label);
      if (taken) return false;
      if (code === 'ENOENT') await checkThere(this.#places, verb);
      throw swept ? fileError(verb, 'it took so long that the sweep took it away', true) : failure;
    }
    await this.#settle(dirname(place.record), verb);
    return true;
  }

  /** Takes the label away, which ends the record; false where it is not there any more. */
  async end(place: Place, label: Label, verb: string): Promise<boolean> {
    try {
      if (!(await ifThere(unlink(join(place.record, labelName(label)))))) return false;
    } catch (error) {
      throw fileFailure(error, verb, 'unknown');
    }
    await this.#settle(place.record, verb);
    await this.discard(place, label);
    await removeEmpty(place.record);
    return true;
  }

  /** Takes away a document that no label speaks of any more, or ever will. */
  discard(place: Place, { id }: Pick<Label, 'id'>): Promise<void> {
    return removeFile(place.document + id);
  }

  /** With `fsync`: what was decided outlives a power cut. An error here is no sign that it was not decided. */
  async #settle(folder: string, verb: string): Promise<void> {
    if (!this.#fsync) return;
    try {
      // Where somebody removed the folder since, for it was empty, it is the one above that tells of it.
      if (!(await ifThere(syncFolder(folder)))) await syncFolder(dirname(folder));
    } catch (error) {
      throw fileFailure(error, verb, 'unknown', true);
    }
  }

  async #abandon(place: Place, label: Label): Promise<void> {
    await this.discard(place, label);
    await rm(place.fresh + label.id, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function isThere(path: string): Promise<boolean> {
  return ifThere(access(path)).catch(() => true);
}
