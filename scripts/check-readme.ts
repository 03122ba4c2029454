/**
 * Does what the README tells a newcomer: packs the package, installs it with Express into an empty folder, cuts out the
 * first code block, saves it as server.mjs, runs it, and visits it twice.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coatcheck-readme-')));
const npm = (args: string[], cwd: string): string =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: 'pipe' });

function firstBlock(): string {
  const block = /^```ts\n([\s\S]*?)^```/m.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1];
  if (block === undefined) throw new Error('README.md has no ts block');
  return block;
}

async function visitTwice(): Promise<void> {
  const server = spawn(process.execPath, ['server.mjs'], {
    cwd: folder,
    env: { ...process.env, PORT: String(20_000 + (process.pid % 20_000)) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const address = await new Promise<string>((found, failed) => {
      server.stdout.on('data', (text) => {
        const url = /http:\/\/localhost:\d+/.exec(String(text))?.[0];
        if (url !== undefined) found(url);
      });
      server.on('exit', (code) => failed(new Error(`server.mjs ended with ${code}`)));
    });
    let cookie = '';
    for (const expected of ['Visit 1', 'Visit 2']) {
      const answer = await fetch(address, { headers: cookie === '' ? {} : { cookie } });
      const text = await answer.text();
      if (text !== expected) throw new Error(`expected ${expected}, got ${text}`);
      cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
      console.log(text);
    }
  } finally {
    server.kill();
  }
}

try {
  npm(['pack', '--ignore-scripts', '--pack-destination', folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no file');
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  npm(['install', '--no-audit', '--no-fund', `./${tarball}`, 'express'], folder);
  writeFileSync(join(folder, 'server.mjs'), firstBlock());
  await visitTwice();
  console.log('README: the first example runs from the packed package.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
