/**
 * Runs every command that docs/cli.md shows, in the order of the page, and writes down what a terminal shows: `npm run
 * docs:cli`. A block that begins with `$ npx coatcheck` is such a command; all run in one folder, on a SQLite file with
 * twelve hundred sessions. Of a progress bar the moment nearest to the half is kept.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gather } from '../bench/migrate/crowd.ts';
import type { Io, Sink } from '../src/cli/io.ts';
import { run } from '../src/cli/run.ts';
import { handleOf, keyOf } from '../src/keys/ids.ts';
import { storeFromUrl } from '../src/url.ts';

export const PAGE: string = fileURLToPath(new URL('../docs/cli.md', import.meta.url));

const BLOCK = /^```text\n\$ npx coatcheck(.*)\n[\s\S]*?^```$/gm;
const SESSIONS = 1200;
const STORE = 'sqlite:./sessions.db';

/** One terminal, into which both streams write. */
class Terminal implements Sink {
  readonly isTTY = true;
  readonly columns = 120;
  #text = '';
  #frames: string[] = [];

  write(text: string): boolean {
    const [, frame] = /^\r\u001b\[K(.*)$/s.exec(text) ?? [];
    if (frame === undefined) this.#text += text;
    else if (frame !== '') this.#frames.push(frame);
    else {
      this.#text += `${nearestToHalf(this.#frames)}\n`;
      this.#frames = [];
    }
    return true;
  }

  once(): this {
    return this;
  }

  /** What stood there, without colours. */
  get text(): string {
    return this.#text.replace(/\u001b\[\d+m/g, '').trimEnd();
  }
}

function nearestToHalf(frames: readonly string[]): string {
  const distance = (frame: string): number => Math.abs(50 - Number(/(\d+) %/.exec(frame)?.[1] ?? 0));
  return [...frames].sort((a, b) => distance(a) - distance(b))[0] ?? '';
}

interface Scene {
  /** The handle of a visitor, for `$HANDLE`. */
  readonly handle: string;
  /** The cookie of the same visitor, for `< cookie.txt`. */
  readonly cookie: string;
}

async function prepare(): Promise<Scene> {
  const store = await storeFromUrl(STORE);
  try {
    const { cookies } = await gather(store, SESSIONS, 1, Date.now());
    const [cookie = ''] = cookies.keys();
    return { cookie, handle: handleOf(keyOf(cookie.slice(cookie.indexOf('=') + 1))) };
  } finally {
    await store.close?.();
  }
}

async function recorded(words: string, { handle, cookie }: Scene): Promise<string> {
  const terminal = new Terminal();
  const io: Io = {
    env: { SESSION_URI: STORE },
    stdin: Readable.from([`${cookie}\n`]),
    stdout: terminal,
    stderr: terminal,
    now: Date.now,
    interrupted: new AbortController().signal,
  };
  const argv = words.replace(/<.*/, '').replace('$HANDLE', handle).trim().split(/\s+/);
  await run(argv, io);
  return `\`\`\`text\n$ npx coatcheck${words}\n${terminal.text}\n\`\`\``;
}

/** The page with what its commands say today. */
export async function record(page: string): Promise<string> {
  const here = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-record-'));
  process.chdir(folder);
  try {
    const scene = await prepare();
    const blocks: string[] = [];
    for (const [, words = ''] of page.matchAll(BLOCK)) blocks.push(await recorded(words, scene));
    return page.replace(BLOCK, () => blocks.shift() ?? '');
  } finally {
    process.chdir(here);
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(PAGE, await record(readFileSync(PAGE, 'utf8')));
}
