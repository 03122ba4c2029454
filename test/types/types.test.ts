import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const native = createRequire(import.meta.url).resolve('@typescript/native/package.json');
const compiler = join(dirname(native), 'bin', 'tsc');

/** What the compiler says of a folder's types; nothing when it is content. Each `@ts-expect-error` must be needed. */
async function complaints(project: string): Promise<string> {
  const config = fileURLToPath(new URL(project, import.meta.url));
  return promisify(execFile)(process.execPath, [compiler, '-p', config, '--noEmit']).then(
    ({ stdout }) => stdout,
    (error: { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}` || String(error),
  );
}

test('sessions are typed by createSessions<Data>(), and loose where nothing was said', async () => {
  expect(await complaints('tsconfig.json')).toBe('');
});

test('the ambient session is typed by augmenting SessionData', async () => {
  expect(await complaints('augmented/tsconfig.json')).toBe('');
});
