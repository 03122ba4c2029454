import { describe, expect, it, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { call, spawned } from './support.ts';

describe('the help', () => {
  it('lists every command, with its line and the exit codes', async () => {
    const { code, out, err } = await spawned(['--help']);
    expect([code, err]).toEqual([0, '']);
    for (const { name, summary } of COMMANDS)
      expect(out).toMatch(new RegExp(`^  ${name} .*${summary.slice(0, 30)}`, 'm'));
    expect(COMMANDS.map(({ name }) => name)).toEqual(
      'secret schema stats list show revoke clean migrate decode'.split(' '),
    );
    expect(out).toContain('0 done, 1 failed, 2 called wrongly, 3 nothing of that name, 4 the store cannot do it');
  });

  it.each(COMMANDS)('of $name has all its options, and is the same by --help, -h and help', async (command) => {
    const { code, out } = await call([command.name, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`coatcheck ${command.name}`);
    for (const option of [...Object.keys(command.options), 'json', 'help']) expect(out).toContain(`  --${option}`);
    expect((await call([command.name, '-h'])).out).toBe(out);
    expect((await call(['help', command.name])).out).toBe(out);
    // A terminal of 120 columns shows every line whole.
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  test('without a command is the help and exit code 2', async () => {
    const { code, out } = await call([]);
    expect(code).toBe(2);
    expect(out).toBe((await call(['--help'])).out);
  });
});

describe('what is called wrongly', () => {
  it.each([
    ['an unknown command', ['statz'], 'statz is no command. The nearest is stats'],
    ['an unknown option', ['stats', '--stroe', 'x'], '--stroe is no option here. The nearest is --store'],
    ['an option without its value', ['stats', '--store'], '--store wants a value: --store URL'],
    ['an empty value', ['stats', '--store='], '--store wants a value: --store URL'],
    ['an option that is given twice', ['stats', '--store=a:', '--store=b:'], '--store was given twice'],
    ['a switch with a value', ['clean', '--dry-run=yes'], '--dry-run is a switch and takes no value'],
    ['a word too many', ['stats', 'all'], 'Write coatcheck stats without further words'],
    ['a word too few', ['show'], 'Write coatcheck show <handle>'],
    [
      'a number that is none',
      ['list', '--store=sqlite:x', '--limit', 'many'],
      '--limit wants a whole number from 0 to',
    ],
    ['a number too small', ['secret', '--bytes', '16'], '--bytes wants a whole number from 32 to 1024'],
    [
      'a word of no list',
      ['list', '--store=sqlite:x', '--state', 'dead'],
      '--state is one of: living, expired, closed, unreadable, all',
    ],
    ['no store', ['stats'], 'Which store? Write --store redis://127.0.0.1:6379, or set SESSION_URI'],
    ['memory', ['stats', '--store', 'memory:'], 'memory: is the memory of the process that asks'],
    ['a URL of no store', ['stats', '--store', 'mongo://h'], 'A store URL begins with one of'],
    ['a variable that is not set', ['stats', '--store', 'env:NEW'], 'The variable behind env: is not set'],
    ['a handle that is none', ['show', 'ann'], 'A handle has 22 characters'],
    ['nothing to revoke', ['revoke'], 'Which one? Write a handle, or --owner NAME'],
    ['--except alone', ['revoke', '--except', 'x'.repeat(22)], '--except goes with --owner alone'],
    ['half a migration', ['migrate', '--from', 'sqlite:x.db'], 'migrate needs both: --from URL and --to URL'],
    [
      'one store twice in two spellings',
      ['migrate', '--from=redis://h?prefix=a:', '--to=redis://h', '--to-prefix=a:'],
      '--from and --to name the same',
    ],
    [
      'a dry run that makes a table',
      ['migrate', '--from=redis://h', '--to=postgres://h/d?createTable=json', '--dry-run'],
      'A dry run makes no table',
    ],
    [
      'one store twice',
      ['migrate', '--from', 'redis://a:b@h', '--to', 'redis://c@h'],
      '--from and --to name the same store',
    ],
  ])('%s is exit code 2 and says what to write', async (_what, words, says) => {
    const { code, out, err } = await call(words);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`coatcheck: ${says}`);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('quotes no word and no value, which may be a cookie or a password', async () => {
    const secret = 'hunter2-hunter2-hunter2-hunter2';
    for (const words of [
      [secret],
      ['stats', `--${secret}`],
      ['stats', secret],
      ['show', secret],
      ['list', '--limit', secret],
    ]) {
      const { code, err } = await call(words);
      expect(code).toBe(2);
      expect(err).not.toContain('hunter2');
    }
  });

  it('is JSON on standard error with --json', async () => {
    const { code, out, err } = await call(['stats', '--json']);
    expect([code, out]).toEqual([2, '']);
    expect(JSON.parse(err)).toEqual({
      error: { code: 'USAGE', message: 'Which store? Write --store redis://127.0.0.1:6379, or set SESSION_URI.' },
    });
  });

  it('takes a handle that begins with a hyphen for a word', async () => {
    const { code, err } = await call(['show', '-uAuqlxUJ-0fvTUfJ5V5ow', '--store', 'memory:']);
    expect(code).toBe(2);
    expect(err).toContain('memory: is the memory');
  });
});
