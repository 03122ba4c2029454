import type { HeaderChanges } from '../interface/contract.ts';

/** The fields of an answer's head that sessions have a say in; several fields of one name joined by `, `. */
export interface Head {
  readonly vary: string | undefined;
  readonly cacheControl: string | undefined;
  readonly setCookie: readonly string[];
}

/**
 * The head with what a commit wants of it. The one place where it is decided, for every framework:
 * one Set-Cookie a name, others kept (R45); `no-store` with our Set-Cookie, whatever the handler said (R53);
 * `Vary: Cookie` and at least `private` once the session was looked at (R54; RFC 9111 section 5.2.2, RFC 9110 section
 * 12.5.5).
 */
export function mergeHead(head: Head, changes: HeaderChanges): Head {
  const sets = changes.setCookie.length > 0;
  if (!sets && !changes.looked) return head;
  return {
    vary: changes.looked ? varyByCookie(head.vary) : head.vary,
    cacheControl: sets ? 'no-store' : atLeastPrivate(head.cacheControl),
    setCookie: sets ? mergeCookies(head.setCookie, changes.setCookie) : head.setCookie,
  };
}

/** Whether a shared cache must not keep the answer: it says `private` of the whole, or `no-store`. */
export function isPrivate(cacheControl: string | undefined): boolean {
  if (cacheControl === undefined || keepsOut(cacheControl)) return cacheControl !== undefined;
  return directives(cacheControl).some(({ name, whole }) => whole && keepsOut(name));
}

function keepsOut(name: string): boolean {
  return name === 'private' || name === 'no-store';
}

function varyByCookie(vary: string | undefined): string {
  if (vary === undefined || vary.trim() === '') return 'Cookie';
  const names = vary.split(',').map((name) => name.trim().toLowerCase());
  return names.includes('*') || names.includes('cookie') ? vary : `${vary}, Cookie`;
}

function atLeastPrivate(cacheControl: string | undefined): string {
  if (cacheControl === undefined) return 'private';
  const all = directives(cacheControl);
  // A qualified `private="x-field"` speaks of one field only; the plain one takes its place.
  const kept = all.filter(
    ({ name, whole }) => name !== 'public' && name !== 's-maxage' && (name !== 'private' || whole),
  );
  const texts = kept.map(({ text }) => text);
  // In front: behind an unbalanced quote a cache would not see it.
  if (!kept.some(({ name, whole }) => whole && keepsOut(name))) texts.unshift('private');
  return texts.join(', ');
}

interface Directive {
  /** Lower case. */
  readonly name: string;
  /** Without an argument: it speaks of the whole answer. */
  readonly whole: boolean;
  readonly text: string;
}

/** Directives separated by commas; quoted arguments may hold commas and escaped quotes (RFC 9110 section 5.6.4). */
const DIRECTIVE = /(?:"(?:\\.|[^"\\])*"?|[^",])+/g;

function directives(value: string): Directive[] {
  const found: Directive[] = [];
  for (const part of value.match(DIRECTIVE) ?? []) {
    const text = part.trim();
    if (text === '') continue;
    const equals = text.indexOf('=');
    const name = (equals < 0 ? text : text.slice(0, equals)).trim().toLowerCase();
    found.push({ name, whole: equals < 0, text });
  }
  return found;
}

/** Ours last, the last of ours for each name; cookies of other names stay as they were. */
function mergeCookies(theirs: readonly string[], ours: readonly string[]): string[] {
  const named = new Map<string, string>();
  for (const cookie of ours) {
    const name = cookieName(cookie);
    named.delete(name);
    named.set(name, cookie);
  }
  return [...theirs.filter((cookie) => !named.has(cookieName(cookie))), ...named.values()];
}

/** As browsers split it: up to the first `=` of the part before the attributes (RFC 6265bis section 5.6). */
function cookieName(cookie: string): string {
  const end = cookie.indexOf(';');
  const pair = end < 0 ? cookie : cookie.slice(0, end);
  const equals = pair.indexOf('=');
  return equals < 0 ? '' : pair.slice(0, equals).trim();
}
