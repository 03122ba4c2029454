import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Io, Sink } from '../../src/cli/io.ts';
import { run } from '../../src/cli/run.ts';
import { closedDocument } from '../../src/codec/closed.ts';
import type { Data, Meta } from '../../src/codec/contract.ts';
import { nativeCodec } from '../../src/codec/native.ts';
import { handleOf, hashName, keyOf, newId } from '../../src/keys/ids.ts';
import type { Store } from '../../src/store/contract.ts';
import { storeFromUrl } from '../../src/url.ts';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Circumstances {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Default: neither is a terminal. */
  readonly terminal?: boolean;
  readonly now?: () => number;
  readonly interrupted?: AbortSignal;
}

class Kept implements Sink {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 100;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.text += text;
    return true;
  }

  once(): this {
    return this;
  }
}

/** The command in this process. */
export async function call(words: readonly string[], given: Circumstances = {}): Promise<Ended> {
  const { env = {}, stdin = '', terminal = false, now = Date.now } = given;
  const stdout = new Kept(terminal);
  const stderr = new Kept(terminal);
  const interrupted = given.interrupted ?? new AbortController().signal;
  const input = Object.assign(Readable.from([stdin]), { isTTY: terminal });
  const io: Io = { env, stdin: input, stdout, stderr, now, interrupted };
  const code = await run(words, io);
  return { code, out: stdout.text, err: stderr.text };
}

export const COMMAND: readonly [string, ...string[]] = [
  process.execPath,
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(new URL('../../src/cli/index.ts', import.meta.url)),
];

/** The command as a process of its own, in a folder of its own, with pipes. */
export function spawned(words: readonly string[], { env = {}, stdin = '' }: Circumstances = {}): Promise<Ended> {
  const [program, ...before] = COMMAND;
  const { PATH = '' } = process.env;
  const child = spawn(program, [...before, ...words], { env: { PATH, ...env }, cwd: newFolder() });
  const ended = { out: '', err: '' };
  child.stdout.on('data', (text) => {
    ended.out += text;
  });
  child.stderr.on('data', (text) => {
    ended.err += text;
  });
  child.stdin.end(stdin);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...ended }));
  });
}

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function newSqlite(): string {
  return `sqlite:${join(newFolder(), 'sessions.db')}`;
}

/** Opens a store for a moment. */
export async function inStore<T>(url: string, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await storeFromUrl(url);
  try {
    return await use(store);
  } finally {
    await store.close?.();
  }
}

export interface Seed {
  readonly data?: Data;
  readonly meta?: Partial<Meta>;
  /** The user's own name. */
  readonly owner?: string | undefined;
  /** From now, in milliseconds; default an hour. */
  readonly life?: number;
  /** Of a record that is no session. */
  readonly space?: string;
  readonly closed?: boolean;
  /** Instead of a document. */
  readonly document?: string;
}

export interface Seeded {
  /** The secret of the cookie. */
  readonly id: string;
  readonly key: string;
  readonly handle: string;
}

/** Writes a record as the core would. */
export async function seed(store: Store, given: Seed = {}): Promise<Seeded> {
  const { data = {}, meta = {}, owner, life = 3_600_000, space, closed = false } = given;
  const now = Date.now();
  const id = newId();
  const key = `${space === undefined ? '' : `${space}:`}${keyOf(id)}`;
  const whole: Meta = { created: now - 60_000, commits: 1, nonces: ['nonce-that-nobody-needs-to-see'], ...meta };
  const document = given.document ?? (closed ? closedDocument('n') : nativeCodec().encode({ data, meta: whole }));
  const until = now + life;
  await store.create(key, document, until, owner === undefined ? undefined : { name: hashName(owner), until });
  return { id, key, handle: handleOf(key) };
}
