#!/usr/bin/env node
/**
 * `npx coatcheck`: looks after the sessions in a store. docs/cli.md has every command.
 */
import { run } from './run.ts';

const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());

// A reader that has seen enough, as in `coatcheck list | head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  interrupted: interruption.signal,
});
