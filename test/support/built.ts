import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const known = new Map<string, string>();
// A worker of the test runner is killed and runs no exit handler. Hooks run in reverse order, so that this is the last.
afterAll(() => {
  for (const path of known.values()) rmSync(dirname(dirname(path)), { recursive: true, force: true });
  known.clear();
});

/**
 * A program of this repository as JavaScript, for `node PATH`: it and the sources that it imports as they are now, and
 * beside it what its folder has in `public` and `static`. With tsx in between each start takes three times as long, and
 * the suite has hundreds.
 *
 * @param entry absolute, or from the top of the repository: `examples/reference/server.ts`
 */
export function built(entry: string): string {
  const made = known.get(entry) ?? build(entry);
  known.set(entry, made);
  return made;
}

function build(entry: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-built-'));
  const files = join(folder, 'files');
  mkdirSync(files);
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outdir: files,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // Chunks, so that a driver is loaded where it is used, and not before.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
  });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const name of ['public', 'static']) {
    const assets = join(dirname(resolve(ROOT, entry)), name);
    if (existsSync(assets)) cpSync(assets, join(files, name), { recursive: true });
  }
  return join(files, `${basename(entry, '.ts')}.mjs`);
}
