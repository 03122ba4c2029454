import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { PAGE, record } from '../../scripts/record-cli.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { EXIT } from '../../src/cli/exit.ts';

const page = readFileSync(PAGE, 'utf8');

/** What is the same in every recording. */
function stable(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      line
        .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'TIME')
        .replace(/(?<![\w-])[0-9a-f]{64}(?![\w-])/g, 'KEY')
        .replace(/(?<![\w-])[\w-]{22}(?= {2}sessions|$)/g, 'HANDLE')
        .replace(/(?<=TIME {2})(-|[0-9a-f]{12}) +/, 'OWNER ')
        .replace(/^owner {6}[0-9a-f]{12}/, 'owner OWNER')
        .replace(/\[[#-]{24}\].*/, 'BAR')
        .replace(/\d[\d,.]*( (B|KB|MB|s|min|h)\b)?/g, 'N')
        .replace(/ +/g, ' '),
    )
    .join('\n');
}

describe('docs/cli.md', () => {
  it('shows what the commands say, help and recordings alike (npm run docs:cli writes it)', {
    timeout: 120_000,
  }, async () => {
    expect(stable(await record(page))).toBe(stable(page));
  });

  it('has the help of every command, and a recording of stats, clean and migrate with their bars', () => {
    for (const { name } of COMMANDS)
      expect(page).toContain(`\n## ${name}\n\n\`\`\`text\n$ npx coatcheck ${name} --help\n`);
    expect(page).toMatch(/\$ npx coatcheck stats\nreading {2}\[[#-]{24}\]/);
    expect(page).toMatch(/\$ npx coatcheck clean\nremoving {2}\[[#-]{24}\]/);
    expect(page).toMatch(/\$ npx coatcheck migrate --from .*\ncopying {2}\[[#-]{24}\]/);
  });

  test('and the exit codes of the source are the same', () => {
    const codes = [...page.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code));
    expect(codes).toEqual(Object.values(EXIT));
  });
});
