import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ERROR_STATUS } from '../../src/errors.ts';

/** The codes that have an entry of their own: a heading or the first cell of a table row. */
function documented(text: string): string[] {
  return [...text.matchAll(/^(?:#+|\|) *`?([A-Z][A-Z_]+)`?(?=[\s|:,]|$)/gm)].map(([, code]) => code ?? '');
}

it('docs/errors.md has one entry for every error code of the source, and for no other', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  expect(documented(page).sort()).toEqual(Object.keys(ERROR_STATUS).sort());
});
