import type { Extent, FieldFound } from './field-found.ts';

/** RFC 2046 section 5.1.1: 1 to 70 characters, in quotes or not. */
const BOUNDARY = /;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s";,]{1,70}))/i;
const DISPOSITION = /^content-disposition:\s*form-data\s*;(.*)$/im;
const NAME = /(?:^|;)\s*name=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i;
const FILE = /(?:^|;)\s*filename\*?=/i;

/**
 * A text field of a multipart form (RFC 7578), as far as the form has come: just enough of the grammar to find a
 * token. Whatever is not as browsers write it is not found.
 */
export function multipartField(contentType: string, text: string, extent: Extent, name: string): FieldFound {
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return 'none';
  const delimiter = `\r\n--${boundary}`;
  // So that the first delimiter, which begins the body, looks like the others.
  const parts = `\r\n${text}`.split(delimiter);
  // In front of the first delimiter there is nothing, and the last part may not have ended.
  for (const part of parts.slice(1, -1)) {
    const head = part.indexOf('\r\n\r\n');
    if (head < 0) continue;
    const disposition = DISPOSITION.exec(part.slice(0, head))?.[1];
    if (disposition === undefined || FILE.test(disposition)) continue;
    const [, inQuotes, bare] = NAME.exec(disposition) ?? [];
    if ((inQuotes ?? bare) === name) return { value: part.slice(head + 4) };
  }
  return extent !== 'part' || parts.at(-1)?.startsWith('--') === true ? 'none' : 'more';
}
