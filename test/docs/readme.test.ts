import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { blocksOf } from '../../scripts/check-docs.ts';
import { CookieJar } from '../../src/testing/index.ts';
import { pageBlocks, root, writeBlock } from './blocks.ts';

const PAGES = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`),
];

const read = (file: string) => readFileSync(join(root, file), 'utf8');

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('README.md', () => {
  test('its first block is a program that counts visits', { timeout: 60_000 }, async () => {
    const [first] = pageBlocks('README.md');
    expect(first?.language).toBe('ts');
    if (first === undefined) return;
    const port = await freePort();
    const child = spawn(process.execPath, ['--import', 'tsx', writeBlock(first)], {
      cwd: root,
      env: { ...process.env, PORT: String(port), TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let told = '';
    await new Promise<void>((ready, failed) => {
      child.stdout?.on('data', (text) => {
        told += text;
        if (told.includes(String(port))) ready();
      });
      child.stderr?.on('data', (text) => {
        told += text;
      });
      child.on('exit', () => failed(new Error(told)));
    });
    const jar = new CookieJar();
    for (const visit of ['Visit 1', 'Visit 2']) {
      const response = await fetch(`http://localhost:${port}/`, { headers: jar.headers() });
      jar.store(response.headers.getSetCookie());
      expect(await response.text()).toBe(visit);
    }
  });

  test('names for each promise a test that is there', () => {
    const rows = [...read('README.md').matchAll(/^\| (G\d) \| .* \| (.*) \|$/gm)];
    expect(rows.map(([, promise]) => promise)).toEqual(['G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'G7', 'G8']);
    for (const [, promise, cell = ''] of rows) {
      const quoted = [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
      const files = quoted.filter((text) => text.startsWith('test/') && !text.includes('*'));
      const sources = files.map(read);
      expect(files.length, promise).toBeGreaterThan(0);
      // What is no test file itself must be run by one that the same cell names.
      for (const file of files.filter((name) => !name.endsWith('.test.ts'))) {
        expect(
          files
            .filter((name) => name.endsWith('.test.ts'))
            .some((name) => read(name).includes(`'./${basename(file)}'`)),
          `${promise}: ${file}`,
        ).toBe(true);
      }
      for (const name of quoted.filter((text) => !text.startsWith('test/'))) {
        expect(
          sources.some((source) => source.includes(`'${name}'`)),
          `${promise}: ${name}`,
        ).toBe(true);
      }
    }
  });

  test('names scripts that are there', () => {
    const { scripts, license } = JSON.parse(read('package.json'));
    expect(scripts).toHaveProperty('start');
    expect(license).toBe('MIT');
  });
});

/** A heading as GitHub links to it. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** A page without its fenced blocks. */
function prose(file: string): string {
  let text = read(file);
  for (const { code } of blocksOf(file, text)) if (code !== '') text = text.replace(code, '');
  return text;
}

describe.each(PAGES)('%s', (page) => {
  test('links to files and headings that are there', () => {
    const missing: string[] = [];
    for (const [, target = ''] of prose(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = '', hash] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, file))) missing.push(target);
      else if (hash !== undefined) {
        const anchors = [...prose(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchor(heading));
        if (!anchors.includes(hash)) missing.push(target);
      }
    }
    expect(missing).toEqual([]);
  });
});
