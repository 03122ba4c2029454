import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** docs/parity.md: each line names a test that exists, or a reason; run by `npm run check:parity` and by a test. */

const root = fileURLToPath(new URL('..', import.meta.url));

/** As many reasons as the page may have. */
const MOST_REASONS = 15;

/** What is wrong with the page, a line each; none where all is well. */
export function parityProblems(page: string): string[] {
  const problems: string[] = [];
  const reasons = [...page.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
  if (reasons.length > MOST_REASONS) problems.push(`${reasons.length} reasons, and ${MOST_REASONS} are allowed`);
  const used = new Set<number>();
  for (const [, asked = '', here = ''] of page.matchAll(/^\| (?!upstream)([^|]+) \| ([^|]+) \|$/gm)) {
    const reason = /^reason (\d+)$/.exec(here)?.[1];
    if (reason !== undefined) {
      used.add(Number(reason));
      if (!reasons.includes(Number(reason))) problems.push(`${asked}: there is no reason ${reason}`);
      continue;
    }
    const [, file = '', name = ''] = /^(test\/[\w/.-]+): (.+)$/.exec(here) ?? [];
    const problem = testProblem(file, name);
    if (problem !== undefined) problems.push(`${asked}: ${problem}`);
  }
  for (const number of reasons) if (!used.has(number)) problems.push(`nobody needs reason ${number}`);
  return problems;
}

/** What is wrong with a test that a page names; undefined where it is there. */
export function testProblem(file: string, name: string): string | undefined {
  if (file === '') return 'neither a test nor a reason';
  const path = join(root, file);
  if (!existsSync(path)) return `there is no ${file}`;
  const text = readFileSync(path, 'utf8');
  const found = ["'", '`', '"'].some((quote) => text.includes(`${quote}${name}`));
  return found ? undefined : `${file} has no test "${name}"`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = parityProblems(readFileSync(join(root, 'docs/parity.md'), 'utf8'));
  for (const problem of problems) console.error(problem);
  console.log(`docs/parity.md: ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
