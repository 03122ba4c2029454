import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { blocksOf } from '../../scripts/check-docs.ts';
import { CookieJar } from '../../src/testing/index.ts';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

/** A block of a page, under the nearest heading above it. */
export interface PageBlock {
  readonly heading: string;
  readonly language: string;
  readonly code: string;
  /** Its fence does not say `no-run`, with the reason behind it. */
  readonly runs: boolean;
  /** `heading`, or `heading 2` for the second block of its language below it. */
  readonly name: string;
}

/** The fenced blocks of a page, by heading. */
export function pageBlocks(file: string): PageBlock[] {
  const text = readFileSync(join(root, file), 'utf8');
  const lines = text.split('\n');
  const counts = new Map<string, number>();
  return blocksOf(file, text).map(({ line, info, code }) => {
    const heading = lines.slice(0, line - 1).findLast((one) => /^#+ /.test(one)) ?? '';
    const title = heading.replace(/^#+ /, '').replaceAll('`', '');
    const [language = '', mark, ...reason] = info.split(' ');
    if (mark === 'no-run' && reason.length === 0)
      throw new Error(`${file}(${line}): no-run wants its reason behind it`);
    const id = `${language} ${title}`;
    const nth = (counts.get(id) ?? 0) + 1;
    counts.set(id, nth);
    return { heading: title, language, code, runs: mark !== 'no-run', name: nth === 1 ? title : `${title} ${nth}` };
  });
}

/** The one block of that name. */
export function block(file: string, name: string, language = 'ts'): PageBlock {
  const found = pageBlocks(file).find((one) => one.name === name && one.language === language);
  if (found === undefined) throw new Error(`${file} has no ${language} block "${name}".`);
  return found;
}

const folder = mkdtempSync(join(tmpdir(), 'coatcheck-docs-'));
// Blocks find packages as an application does.
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
let written = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A new empty folder, for what a block stores. */
export function scratch(): string {
  const path = join(folder, `scratch-${written++}`);
  mkdirSync(path);
  return path;
}

/** Writes a block as a module that shows its top-level names. */
export function writeBlock({ code }: PageBlock): string {
  const names = [...code.matchAll(/^(?:const|let|(?:async )?function|class) (\w+)/gm)].map(([, name]) => name);
  const path = join(folder, `block-${written++}.ts`);
  writeFileSync(path, `${code}\nexport { ${names.join(', ')} };\n`);
  return path;
}

/** Runs a block as a module of its own; gives its top-level names. */
export async function run(of: PageBlock): Promise<any> {
  return import(/* @vite-ignore */ writeBlock(of));
}

/** What a browser got. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  readonly cookies: readonly string[];
}

/** A browser: one jar, following no redirect. Over plain HTTP it sends Secure cookies, as browsers do on localhost. */
export type Visit = (path: string, init?: RequestInit) => Promise<Answer>;

async function answerOf(response: Response, jar: CookieJar): Promise<Answer> {
  const cookies = response.headers.getSetCookie();
  jar.store(cookies);
  return { status: response.status, text: await response.text(), headers: response.headers, cookies };
}

/** Browses an Express application or a listener of node:http; each browser has a jar of its own. */
export async function browse(
  app: RequestListener,
  visits: (visit: Visit, another: () => Visit) => Promise<void>,
): Promise<void> {
  const server = createServer(app);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const another = (): Visit => {
    const jar = new CookieJar();
    return async (path, init) => {
      const headers = { ...jar.headers(path), ...init?.headers };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init, headers });
      return answerOf(response, jar);
    };
  };
  try {
    await visits(another(), another);
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

/** The same for a Fetch handler, without a socket. */
export function browseFetch(handler: (request: Request) => Response | Promise<Response>): Visit {
  const jar = new CookieJar();
  return async (path, init) => {
    const headers = { ...jar.headers(path), ...init?.headers };
    return answerOf(await handler(new Request(`https://example.test${path}`, { ...init, headers })), jar);
  };
}

/** A form as a browser sends it. */
export function form(fields: Record<string, string>): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  };
}
