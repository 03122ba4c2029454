import { spawnSync } from 'node:child_process';

const python = process.env.COATCHECK_PYTHON ?? 'python3';
const probe = spawnSync(python, ['-c', 'import flask'], { encoding: 'utf8' });
const lacking = probe.status === 0 ? undefined : (probe.error?.message ?? probe.stderr.trim().split('\n').at(-1));

if (lacking !== undefined && process.env.CI !== 'true') {
  console.warn(`SKIPPED: the Python blocks of the documents. ${python} cannot import Flask: ${lacking}`);
}

/** With CI=true they run whatever the probe says, and fail. */
export const withoutFlask: boolean = lacking !== undefined && process.env.CI !== 'true';

/** Runs Python code; gives what it printed. */
export function runPython(code: string, input = '', env: Record<string, string> = {}): string {
  const done = spawnSync(python, ['-c', code], {
    input,
    encoding: 'utf8',
    env: { ...process.env, PYTHONIOENCODING: 'utf-8', ...env },
  });
  if (done.status !== 0) throw new Error(`${python} failed: ${done.error?.message ?? done.stderr}`);
  return done.stdout;
}
