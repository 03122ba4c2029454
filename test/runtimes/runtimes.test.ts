import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const smoke = fileURLToPath(new URL('smoke.mjs', import.meta.url));
const built = existsSync(fileURLToPath(new URL('../../dist/index.js', import.meta.url)));
const folder = process.env.COATCHECK_RUNTIMES;

const RUNTIMES: readonly (readonly [name: string, path: string, ...args: string[]])[] = [
  ['Node 22', 'node22/bin/node'],
  ['Node 24', 'node24/bin/node'],
  ['Bun', '@oven/bun-linux-x64/bin/bun'],
  ['Deno', '@deno/linux-x64-glibc/deno', 'run', '-A'],
];

// G8 on other runtimes: the built package, over Fetch and node:http, stored and sealed.
for (const [name, path, ...args] of RUNTIMES) {
  const binary = folder === undefined ? undefined : join(folder, 'node_modules', path);
  const missing = !built
    ? 'the package is not built: npm run build'
    : binary === undefined
      ? 'COATCHECK_RUNTIMES names no folder of runtimes'
      : undefined;
  const sentence = `${name} serves stored and sealed sessions over Fetch and node:http`;
  // In CI nothing is missing; elsewhere the name says what is.
  if (missing !== undefined && process.env.CI !== 'true') {
    // It needs runtimes that only tools/runtimes installs.
    test.skip(`${sentence} (skipped: ${missing})`, () => undefined);
    continue;
  }
  test(sentence, { timeout: 60_000 }, async () => {
    expect(missing).toBeUndefined();
    const { stdout } = await run(binary ?? '', [...args, smoke]);
    expect(stdout.trim().split('\n')).toEqual([
      'fetch stored: ok',
      'node stored: ok',
      'fetch sealed: ok',
      'node sealed: ok',
      'all ok',
    ]);
  });
}
