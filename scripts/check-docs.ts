/**
 * Type-checks every `ts` block of README.md and of the pages in docs/ with the settings of src/, `coatcheck/...` meaning src/.
 * A block that cannot be checked says so and why: ```ts no-check the driver is not installed here
 *
 * Each block is a module of its own. Line numbers in the compiler's messages are those of the Markdown file.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One fenced block. */
export interface Block {
  /** The Markdown file, relative to the root. */
  readonly file: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  /** What stands behind the three backticks, such as `ts` or `ts no-check because ...`. */
  readonly info: string;
  readonly code: string;
}

/** What was found: how many blocks were compiled, and what is wrong with any. */
export interface DocsReport {
  readonly compiled: number;
  readonly problems: readonly string[];
}

const root = fileURLToPath(new URL('..', import.meta.url));

/** The fenced blocks of a Markdown text, in order. */
export function blocksOf(file: string, text: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; info: string; fence: string; indent: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', fence = '', info = ''] = /^(\s*)(`{3,})(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence !== '') open = { line: index + 1, info: info.trim(), fence, indent: indent.length, lines: [] };
    } else if (fence.length >= open.fence.length && info.trim() === '') {
      blocks.push({ file, line: open.line, info: open.info, code: open.lines.join('\n') });
      open = undefined;
    } else {
      open.lines.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
    }
  }
  if (open !== undefined) blocks.push({ file, line: open.line, info: 'unclosed', code: '' });
  return blocks;
}

/** Whether the compiler shall see it; a string is what is wrong with its first line. */
function judge(block: Block): boolean | string {
  const [language, mark, ...reason] = block.info.split(/\s+/);
  if (language === 'unclosed') return 'this block is never closed';
  if (language === 'typescript' || language === 'tsx') return `write ts instead of ${language}, so that it is checked`;
  if (language !== 'ts' || mark === undefined) return language === 'ts';
  if (mark !== 'no-check') return `ts ${mark}: only no-check may follow`;
  return reason.length === 0 ? 'no-check wants its reason behind it' : false;
}

/** Compiles blocks as one program; the messages name the Markdown files. */
function compile(blocks: readonly Block[], folder: string): string[] {
  const sources = new Map<string, Block>();
  for (const [index, block] of blocks.entries()) {
    const name = `block-${index}.ts`;
    // Blank lines down to the block's own, so that the compiler counts as the reader does.
    writeFileSync(join(folder, name), `${'\n'.repeat(block.line)}${block.code}\nexport {};\n`);
    sources.set(name, block);
  }
  const config = {
    extends: relative(folder, join(root, 'tsconfig.json')),
    compilerOptions: { noEmit: true, rootDir: relative(folder, root), isolatedDeclarations: false },
    include: [],
    files: [...sources.keys()],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
  const done = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' });
  if (done.status === 0) return [];
  const told = `${done.stdout}${done.stderr}`.trim();
  return (
    told
      .split(/\n(?=\S)/)
      // What is wrong in src is for `npm run types` to say.
      .filter((message) => !message.startsWith('../'))
      .map((message) => message.replace(/^block-\d+\.ts/, (name) => sources.get(name)?.file ?? name))
  );
}

/** Checks the blocks given. One that augments a module is compiled alone: what it declares holds for nobody else. */
export function checkBlocks(blocks: readonly Block[]): DocsReport {
  const problems: string[] = [];
  const checked: Block[] = [];
  for (const block of blocks) {
    const verdict = judge(block);
    if (typeof verdict === 'string') problems.push(`${block.file}(${block.line}): ${verdict}`);
    else if (verdict) checked.push(block);
  }
  const alone = checked.filter((block) => /^\s*declare (module|global)\b/m.test(block.code));
  const together = checked.filter((block) => !alone.includes(block));
  const programs = [together, ...alone.map((block) => [block])].filter((program) => program.length > 0);
  // Below the root, so that a block finds the packages that the tests find.
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  for (const program of programs) {
    const folder = mkdtempSync(join(cache, 'docs-'));
    try {
      problems.push(...compile(program, folder));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return { compiled: checked.length, problems };
}

/** Checks README.md and what lies in docs/, at any depth. */
export function checkDocs(): DocsReport {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.replaceAll('\\', '/'))
    .sort();
  const files = ['README.md', ...pages.map((name) => `docs/${name}`)];
  return checkBlocks(files.flatMap((file) => blocksOf(file, readFileSync(join(root, file), 'utf8'))));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { compiled, problems } = checkDocs();
  for (const problem of problems) console.error(problem);
  console.log(`${compiled} blocks compiled, ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
