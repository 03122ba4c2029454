import { afterAll, describe } from 'vitest';
import { type OpenStore, startStores } from './openers.ts';
import { called } from './servers/program.ts';

export type { OpenStore } from './openers.ts';

/** Describes the same for each kind of store that this version has; all is gone with the file's last test. */
export async function onEveryStore(what: string, tests: (open: OpenStore, name: string) => void): Promise<void> {
  const { openers, missing, stop } = await startStores();
  for (const [name, open] of Object.entries(openers)) {
    const skipped = missing[name];
    describe.skipIf(skipped !== undefined)(called(`${what}, on ${name}`, skipped), () => tests(open, name));
  }
  afterAll(stop);
}
