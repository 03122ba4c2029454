import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

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

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    coverage: { include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
  },
});
