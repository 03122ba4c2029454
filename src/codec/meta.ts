import type { Meta } from './contract.ts';
import { unreadable } from './tag-decode.ts';

/**
 * Checks that meta is what `Meta` promises; members that we do not know are left alone.
 *
 * @throws CoatcheckError `DOCUMENT_UNREADABLE`.
 */
export function checkMeta(meta: Record<string, unknown>): asserts meta is Meta & Record<string, unknown> {
  const { created, authenticated, address, permanent, linked, commits, nonces } = meta;
  if (!isTime(created)) throw wrong('created', 'milliseconds since 1970');
  if (!(Number.isSafeInteger(commits) && (commits as number) >= 0)) throw wrong('commits', 'a whole number, 0 or more');
  if (!isTexts(nonces)) throw wrong('nonces', 'a list of texts');
  if (address !== undefined && typeof address !== 'string') throw wrong('address', 'text');
  if (permanent !== undefined && typeof permanent !== 'boolean') throw wrong('permanent', 'true or false');
  if (linked !== undefined && !isTexts(linked)) throw wrong('linked', 'a list of texts');
  if (authenticated !== undefined) checkAuthenticated(authenticated);
}

function checkAuthenticated(value: unknown): void {
  if (typeof value !== 'object' || value === null) throw wrong('authenticated', 'an object');
  const { user, at, methods, version } = value as Record<string, unknown>;
  if (typeof user !== 'string') throw wrong('authenticated.user', 'text');
  if (!isTime(at)) throw wrong('authenticated.at', 'milliseconds since 1970');
  if (methods !== undefined && !isTexts(methods)) throw wrong('authenticated.methods', 'a list of texts');
  if (version !== undefined && typeof version !== 'string' && !Number.isFinite(version)) {
    throw wrong('authenticated.version', 'text or a number');
  }
}

function isTime(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function wrong(member: string, expected: string): Error {
  return unreadable(`meta.${member} is not ${expected}`);
}
