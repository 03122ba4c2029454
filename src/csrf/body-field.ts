import { Buffer } from 'node:buffer';
import type { Extent, FieldFound } from './field-found.ts';
import { multipartField } from './multipart.ts';

/** How many bytes of a body that nobody has parsed are read for the token. */
export const BODY_READ = 65_536;

/** The field of a body that was parsed: its value, whatever it is; undefined for none. Own members only. */
export function parsedField(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null) return undefined;
  if (typeof FormData === 'function' && body instanceof FormData) return single(body.getAll(name));
  if (body instanceof URLSearchParams) return single(body.getAll(name));
  return Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined;
}

/**
 * The field of a body that nobody has parsed: a form, urlencoded or multipart, or JSON. A multipart form may be looked
 * at as far as it has come, so that a large upload is not read for a token that stands first.
 */
export function rawField(contentType: string | undefined, bytes: Uint8Array, extent: Extent, name: string): FieldFound {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  // Each byte a character: names, separators and tokens are ASCII.
  const text = (): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  switch (type) {
    case 'application/x-www-form-urlencoded':
      return extent === 'part' ? 'more' : formField(text(), extent, name);
    case 'multipart/form-data':
      return multipartField(contentType ?? '', text(), extent, name);
    case 'application/json':
      return extent === 'part' ? 'more' : jsonField(text(), name);
    default:
      return 'none';
  }
}

function formField(text: string, extent: Extent, name: string): FieldFound {
  // Of a form that was cut off the last field is not whole.
  const end = extent === 'whole' ? text.length : Math.max(text.lastIndexOf('&'), 0);
  const values = new URLSearchParams(text.slice(0, end)).getAll(name);
  return values.length > 0 ? { value: single(values) } : 'none';
}

function jsonField(text: string, name: string): FieldFound {
  try {
    const value = parsedField(JSON.parse(text), name);
    return value === undefined ? 'none' : { value };
  } catch {
    return 'none';
  }
}

/** A field that occurs twice is no field of ours: the list of both, which is no token. */
function single(values: readonly unknown[]): unknown {
  return values.length > 1 ? values : values[0];
}
