import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Progress } from '../../src/cli/progress.ts';
import { columns, distance, harmless, moment, number, size, span } from '../../src/cli/text.ts';
import { called } from '../support/servers/program.ts';
import { COMMAND, call, inStore, newSqlite, seed, spawned } from './support.ts';

/** Colours, cursor movements, and going back to the beginning of a line. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

async function full(): Promise<string> {
  const url = newSqlite();
  await inStore(url, async (store) => {
    for (let n = 0; n < 30; n++) await seed(store, { life: n < 20 ? -1000 : 60_000 });
  });
  return url;
}

const commands = (url: string): readonly (readonly string[])[] => [
  ['stats', '--store', url],
  ['list', '--store', url],
  ['clean', '--store', url, '--batch', '5'],
  ['migrate', '--from', url, '--to', newSqlite()],
];

describe('on a terminal', () => {
  it('a bar is drawn and taken away again, and heads are bold', async () => {
    for (const words of commands(await full())) {
      const { code, out, err } = await call(words, { terminal: true });
      expect(code).toBe(0);
      if (words[0] !== 'clean') expect(out).toMatch(/\u001b\[1m.*\u001b\[22m/);
      if (words[0] === 'list') continue;
      expect(err).toMatch(/\r\u001b\[K\w+ {2}\[[#-]{24}\] +\d+ % {2}\d+ of \d+ {2}[\d,]+\/s/);
      expect(err.endsWith('\r\u001b[K')).toBe(true);
      expect(out).not.toMatch(/\r/);
    }
  });

  it('NO_COLOR leaves the colours out', async () => {
    const { out } = await call(['stats', '--store', await full()], { terminal: true, env: { NO_COLOR: '1' } });
    expect(out).not.toMatch(CONTROL);
    expect((await call(['stats', '--store', await full()], { terminal: true, env: { NO_COLOR: '' } })).out).toMatch(
      CONTROL,
    );
  });

  it('TERM=dumb leaves colours and bars out, and so does --json', async () => {
    for (const [words, env] of [
      [[], { TERM: 'dumb' }],
      [['--json'], {}],
    ] as const) {
      const { out, err } = await call(['stats', '--store', await full(), ...words], { terminal: true, env });
      expect(out + err).not.toMatch(CONTROL);
    }
  });

  const script = existsSync('/usr/bin/script') ? undefined : 'script of util-linux is not here';
  it.skipIf(script !== undefined)(
    called('of its own the command draws, and answers with its code', script),
    async () => {
      const quoted = [...COMMAND, 'stats', '--store', await full()].map((word) => `'${word}'`).join(' ');
      const child = spawn('/usr/bin/script', ['-qec', quoted, '/dev/null'], {
        env: { ...process.env, NO_COLOR: '', TERM: 'xterm' },
      });
      let text = '';
      child.stdout.on('data', (part) => {
        text += part;
      });
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect([code, text]).toEqual([0, expect.stringMatching(/reading {2}\[[#-]{24}\]/)]);
      expect(text).toContain('\u001b[1m');
    },
  );
});

describe('in a pipe', () => {
  it('there is nothing but plain text, and nothing on standard error', async () => {
    for (const words of commands(await full()).filter(([name]) => name === 'stats' || name === 'migrate')) {
      const { code, out, err } = await spawned(words, { env: { TERM: 'xterm', FORCE_COLOR: '1' } });
      expect([words[0], code, err]).toEqual([words[0], 0, '']);
      expect(out).not.toMatch(CONTROL);
    }
  });

  it('a reader that has seen enough is no failure', async () => {
    const url = newSqlite();
    await inStore(url, async (store) => {
      for (let n = 0; n < 2000; n++) await seed(store);
    });
    const [program, ...before] = COMMAND;
    const child = spawn(program, [...before, 'list', '--store', url, '--limit', '0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let err = '';
    child.stderr.on('data', (text) => {
      err += text;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, err]).toEqual([0, '']);
  });
});

describe('a bar', () => {
  const drawn = (total: number | undefined, steps: readonly (readonly [number, number])[], already = 0): string[] => {
    let now = 0;
    const frames: string[] = [];
    const sink = { write: (text: string) => frames.push(text) > 0, once: () => undefined, columns: 100 };
    const progress = new Progress(sink, () => now, 'copying', total, already);
    for (const [at, done] of steps) {
      now = at;
      progress.at(done);
    }
    progress.end();
    return frames.map((frame) => frame.replace('\r\u001b[K', ''));
  };

  it('shows the share, the speed and the time that is left', () => {
    expect(drawn(1000, [[1000, 250]])).toEqual([
      'copying  [######------------------]  25 %  250 of 1,000  250/s  3 s left',
      '',
    ]);
  });

  it('counts only what this run did into the speed', () => {
    expect(drawn(1000, [[1000, 600]], 500)[0]).toBe(
      'copying  [##############----------]  60 %  600 of 1,000  100/s  4 s left',
    );
  });

  it('is drawn ten times a second at the most', () => {
    expect(
      drawn(100, [
        [0, 1],
        [50, 2],
        [99, 3],
        [100, 4],
      ]),
    ).toHaveLength(3);
  });

  it('never shows more than all, and without a total only the number', () => {
    expect(drawn(10, [[1000, 20]])[0]).toContain('[########################] 100 %  20 of 20');
    expect(drawn(undefined, [[1000, 20]])[0]).toBe('copying  20  20/s');
  });
});

describe('text for people', () => {
  it('has numbers, lengths of time, sizes and moments', () => {
    expect([0, 999, 1000, 1_234_567].map(number)).toEqual(['0', '999', '1,000', '1,234,567']);
    expect([0, 119_000, 120_000, 7_200_000, 172_800_000].map(span)).toEqual(['0 s', '119 s', '2 min', '2 h', '2 d']);
    expect([0, 999, 1000, 12_345, 9.996e8].map(size)).toEqual(['0 B', '999 B', '1.0 KB', '12 KB', '1.0 GB']);
    expect([moment(0), moment(9e15)]).toEqual(['1970-01-01T00:00:00Z', 'no date']);
    expect([distance(5000, 0), distance(0, 7_200_000)]).toEqual(['in 5 s', '2 h ago']);
  });

  it('stands in columns, numbers at the right', () => {
    expect(
      columns([
        ['', 'read'],
        ['sessions', '12'],
        ['x', '1,234'],
      ]),
    ).toEqual(['           read', 'sessions     12', 'x         1,234']);
  });

  it('holds no control characters of others', () => {
    expect(harmless('a\u001b[31m\u202e\n\u{1f36a}')).toBe('a\\u001b[31m\\u202e\\u000a\u{1f36a}');
  });
});
