import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Compiles src/ by the settings of `npm run build` into a folder of its own, so that nothing that happens to dist/
 * meanwhile disturbs the run. The folder is removed when this process ends.
 */
export function buildOwn(strict: boolean): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coatcheck-bench-')));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const settings = ['--declaration', 'false', '--declarationMap', 'false', '--isolatedDeclarations', 'false'];
  try {
    const args = ['-p', 'tsconfig.json', '--outDir', folder, ...settings];
    execFileSync(join(root, 'node_modules/.bin/tsc'), args, { cwd: root, stdio: 'pipe' });
  } catch (error) {
    const said = String((error as { stdout?: unknown }).stdout ?? error);
    // Half-written code next door need not stop somebody who measures; a table to publish wants a clean build.
    if (strict) throw new Error(`the build failed:\n${said}`);
    console.error(`The build has errors, and is measured all the same:\n${said.split('\n').slice(0, 5).join('\n')}`);
  }
  return folder;
}
