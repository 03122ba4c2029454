import type { HeaderChanges } from '../interface/contract.ts';
import { type Head, isPrivate, mergeHead } from './head.ts';

/** What the gate needs of a ServerResponse or Http2ServerResponse. */
export interface NodeResponse {
  statusCode: number;
  statusMessage: string;
  sendDate: boolean;
  readonly headersSent: boolean;
  readonly writableEnded?: boolean;
  readonly writableNeedDrain?: boolean;
  readonly destroyed?: boolean;
  readonly stream?: { readonly destroyed: boolean; readonly closed: boolean; close(code: number): void };
  getHeader(name: string): unknown;
  setHeader(name: string, value: number | string | readonly string[]): unknown;
  removeHeader(name: string): void;
  getHeaderNames(): string[];
  writeHead(...args: unknown[]): unknown;
  write(...args: unknown[]): unknown;
  end(...args: unknown[]): unknown;
  flushHeaders(...args: unknown[]): unknown;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  once(event: string, listener: (...args: unknown[]) => void): unknown;
  emit(event: string, ...args: unknown[]): boolean;
  listeners(event: string): unknown[];
  destroy(error?: Error): unknown;
}

const NO_COOKIES: readonly string[] = [];

/** A `writeHead` call, or undefined for a head made of `statusCode` and `setHeader` alone. */
export type HeadCall = readonly unknown[] | undefined;

export interface PreparedHead {
  /** What to call `writeHead` with. */
  readonly call: HeadCall;
  readonly isPrivate: boolean;
}

/**
 * Puts a commit's changes into a head that is about to leave. Where there are none, the call stays as it is; else its
 * own fields become fields of the response first, by the rule that they replace those of `setHeader`.
 */
export function prepareHead(response: NodeResponse, call: HeadCall, changes: HeaderChanges): PreparedHead {
  if (changes.setCookie.length === 0 && !changes.looked) {
    return { call, isPrivate: isPrivate(cacheControlOf(response, call)) };
  }
  if (call === undefined && changes.setCookie.length === 0 && saysNothing(response)) return sayUsual(response);
  let plain = call;
  if (call !== undefined) {
    for (const [name, values] of fieldsOf(call)) {
      const [only] = values;
      response.setHeader(name, values.length === 1 ? (only as string) : (values as string[]));
    }
    plain = typeof call[1] === 'string' ? [call[0], call[1]] : [call[0]];
  }
  const before = headOf(response, changes.setCookie.length > 0);
  const after = mergeHead(before, changes);
  if (after.vary !== undefined && after.vary !== before.vary) response.setHeader('Vary', after.vary);
  if (after.cacheControl !== undefined && after.cacheControl !== before.cacheControl) {
    response.setHeader('Cache-Control', after.cacheControl);
  }
  if (after.setCookie !== before.setCookie) response.setHeader('Set-Cookie', after.setCookie);
  return { call: plain, isPrivate: isPrivate(after.cacheControl) };
}

const LOOKED: Head = mergeHead(
  { vary: undefined, cacheControl: undefined, setCookie: NO_COOKIES },
  { setCookie: NO_COOKIES, looked: true },
);
const USUAL: PreparedHead = { call: undefined, isPrivate: isPrivate(LOOKED.cacheControl) };

/** Whether caches are told nothing yet, as by most answers. */
function saysNothing(response: NodeResponse): boolean {
  return response.getHeader('Vary') === undefined && response.getHeader('Cache-Control') === undefined;
}

/** What is always the same then, decided once. */
function sayUsual(response: NodeResponse): PreparedHead {
  response.setHeader('Vary', LOOKED.vary as string);
  response.setHeader('Cache-Control', LOOKED.cacheControl as string);
  return USUAL;
}

/** Takes back everything that was said so far. */
export function discardHead(response: NodeResponse): void {
  const { sendDate } = response;
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  // Removing a Date field switches Node's own off.
  response.sendDate = sendDate;
  // On http2 even reading it warns.
  if (response.stream === undefined) response.statusMessage = '';
}

/** Throws what Node would throw at a bad field, while the caller is still there to catch it. */
export function checkHead(call: readonly unknown[], check: (name: string, value: string) => void): void {
  for (const [name, values] of fieldsOf(call)) for (const value of values.flat()) check(name, value as string);
}

/** @param sets whether it will get a cookie; otherwise those that it has are nobody's concern, and asking costs */
function headOf(response: NodeResponse, sets: boolean): Head {
  return {
    vary: joined(response.getHeader('Vary')),
    cacheControl: joined(response.getHeader('Cache-Control')),
    setCookie: sets ? listed(response.getHeader('Set-Cookie')) : NO_COOKIES,
  };
}

function cacheControlOf(response: NodeResponse, call: HeadCall): string | undefined {
  if (call !== undefined && (call.length > 2 || (call.length > 1 && typeof call[1] !== 'string'))) {
    const given = fieldsOf(call).find(([name]) => name.toLowerCase() === 'cache-control');
    if (given !== undefined) return joined(given[1]);
  }
  return joined(response.getHeader('Cache-Control'));
}

/** The fields of `writeHead(status, [message], fields)`: an object, pairs, or Node's flat raw list; values by name. */
function fieldsOf(call: readonly unknown[]): [name: string, values: unknown[]][] {
  const given = typeof call[1] === 'string' ? call[2] : (call[2] ?? call[1]);
  if (typeof given !== 'object' || given === null) return [];
  if (!Array.isArray(given)) return Object.entries(given).map(([name, value]) => [name, [value]]);
  const byName = new Map<string, [string, unknown[]]>();
  const add = (name: unknown, value: unknown) => {
    const key = String(name).toLowerCase();
    const field = byName.get(key);
    if (field === undefined) byName.set(key, [String(name), Array.isArray(value) ? [...value] : [value]]);
    else field[1].push(...(Array.isArray(value) ? value : [value]));
  };
  if (Array.isArray(given[0])) for (const [name, value] of given) add(name, value);
  else for (let at = 0; at + 1 < given.length; at += 2) add(given[at], given[at + 1]);
  return [...byName.values()];
}

function joined(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value.flat().join(', ') : String(value);
}

function listed(value: unknown): readonly string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [String(value)];
}
