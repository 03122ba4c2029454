import type { Untouched } from '../codec/untouched.ts';
import type { Changes } from '../session/changes.ts';
import type { RequestSession } from '../session/request-session.ts';
import type { CommonSettings } from './settings.ts';

/**
 * What of a session's data a commit takes over as it was read; undefined where that is not known.
 *
 * @param changes with the edits that were made in place
 */
export function untouchedOf(
  { origin }: RequestSession,
  changes: Changes,
  { ownerOf, schema }: Pick<CommonSettings, 'ownerOf' | 'schema'>,
): Untouched | undefined {
  const members = origin.kind === 'record' ? origin.decoded?.members : undefined;
  // The application's own functions are shown the data itself, and may change what they are shown.
  if (members === undefined || ownerOf !== undefined || schema !== undefined) return undefined;
  return { members, has: (key) => !changes.touches(key) };
}
