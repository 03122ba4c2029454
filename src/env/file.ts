import type { Given } from './given.ts';
import { wrong } from './values.ts';

/** What Flask-Session and Quart-Session say of their folder, as a URL of ours; undefined where they say nothing. */
export function fileIn(given: Given, uri: string | undefined): { url: string; setting: string } | undefined {
  const setting = 'SESSION_FILE_DIR';
  const folder = given.get(setting);
  if (folder === undefined) return undefined;
  const url = `file:${folder}`;
  if (uri !== undefined && uri !== url)
    throw wrong(`SESSION_URI and ${setting}`, 'name different stores. Leave one of them out');
  return { url, setting };
}
