import { describe, expect, it } from 'vitest';
import { blocksOf, checkBlocks, checkDocs } from '../../scripts/check-docs.ts';

const fence = '```';

function check(...lines: string[]) {
  return checkBlocks(blocksOf('docs/page.md', lines.join('\n')));
}

describe('the documents', () => {
  it('have only TypeScript blocks that compile against src', { timeout: 120_000 }, () => {
    const { compiled, problems } = checkDocs();
    expect(problems).toEqual([]);
    expect(compiled).toBeGreaterThan(0);
  });
});

describe('the check of the documents', () => {
  it('accepts a block that compiles, with the public names meaning src', () => {
    const report = check(
      `${fence}ts`,
      "import { CoatcheckError } from 'coatcheck/errors';",
      "console.log(new CoatcheckError('USAGE', 'no').status);",
      fence,
    );
    expect(report).toEqual({ compiled: 1, problems: [] });
  });

  it('tells file, line and reason of a block that does not compile', () => {
    const { problems } = check('# Page', '', `${fence}ts`, 'const fine = 1;', 'const wrong: number = "text";', fence);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^docs\/page\.md\(5,7\): error TS2322/);
  });

  it('compiles each block as a module of its own', () => {
    const block = [`${fence}ts`, 'const same = 1;', fence];
    expect(check(...block, ...block)).toEqual({ compiled: 2, problems: [] });
    const { problems } = check(...block, `${fence}ts`, 'console.log(same);', fence);
    expect(problems[0]).toMatch(/^docs\/page\.md\(5,13\): error TS2304/);
  });

  it('lets an augmentation in one block hold for that block only', () => {
    const augmentation = [`${fence}ts`, 'declare global { var coat: string }', 'console.log(coat);', fence];
    expect(check(...augmentation).problems).toEqual([]);
    const { problems } = check(...augmentation, `${fence}ts`, 'console.log(coat);', fence);
    expect(problems[0]).toMatch(/^docs\/page\.md\(6,13\): error TS2304/);
  });

  it('leaves a block alone that is marked no-check with a reason, and refuses the mark without one', () => {
    const wrong = 'const wrong: number = "text";';
    expect(check(`${fence}ts no-check the driver is not installed`, wrong, fence)).toEqual({
      compiled: 0,
      problems: [],
    });
    const { problems } = check(`${fence}ts no-check`, wrong, fence);
    expect(problems).toEqual(['docs/page.md(1): no-check wants its reason behind it']);
  });

  it('refuses the ways round it: another name of the language, and a block that is never closed', () => {
    expect(check(`${fence}typescript`, '1', fence).problems).toHaveLength(1);
    expect(check(`${fence}ts ignore`, '1', fence).problems).toHaveLength(1);
    expect(check(`${fence}ts`, '1').problems).toEqual(['docs/page.md(1): this block is never closed']);
  });
});
