import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

interface Manifest {
  readonly exports: Record<string, { readonly default: string }>;
}

const manifest = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as Manifest;

/** `coatcheck/X` is src here as well: what the tests import is what they change, never a stale build. */
const alias = Object.entries(manifest.exports).map(([subpath, target]) => {
  const source = target.default.replace('./dist/', './src/').replace(/\.js$/, '.ts');
  const name = `coatcheck${subpath.slice(1)}`;
  return { find: new RegExp(`^${name}$`), replacement: new URL(source, import.meta.url).pathname };
});

/** Files that wait for servers and processes come first, or the last of them would run when nothing is left beside it. */
const SLOW = [/\/conformance\/.*-(faults|failover|load)\.test/, /\/(conformance|e2e)\//, /\/(store|bench|house)\//];

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => (SLOW.findIndex((slow) => slow.test(moduleId)) + 4) % 4;
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default'],
    // By default one fewer: a single one on two cores, although the longest files mostly wait for deadlines and servers.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: SlowFirst },
    testTimeout: 20_000,
    hookTimeout: 30_000,
    coverage: { include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
  },
});
