import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
function lint(cwd: string) {
  const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = join(root, '.dependency-cruiser.cjs');
  const done = spawnSync(process.execPath, [cruiser, 'src', '--config', config, '--no-progress'], {
    cwd,
    encoding: 'utf8',
  });
  return { status: done.status, output: done.stdout + done.stderr };
}

/** Lints a small house: file -> the lines that import. Every target of an import exists. */
function build(files: Record<string, string>) {
  const house = mkdtempSync(join(tmpdir(), 'coatcheck-arrows-'));
  for (const [name, text] of Object.entries({
    'errors.ts': 'export const code = 1;',
    'store/contract.ts': 'export type Document = string; export const verbs = 1;',
    ...files,
  })) {
    const path = join(house, 'src', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${text}\nexport const own = 1;\n`);
  }
  const done = lint(house);
  rmSync(house, { recursive: true, force: true });
  return done;
}

describe('the arrows of the house', () => {
  it('all run one way in src', () => {
    const { status, output } = lint(root);
    expect(output).toContain('no dependency violations found');
    expect(status).toBe(0);
  });

  it('allow the way of a request', () => {
    const { output, status } = build({
      'keys/ring.ts': "import '../errors.ts';",
      'codec/json.ts': "import type { Document } from '../store/contract.ts';",
      'session/session.ts': "import '../codec/json.ts'; import '../keys/ring.ts';",
      'interface/open.ts': "import '../session/session.ts'; import '../store/contract.ts';",
      'http/express.ts': "import '../interface/open.ts'; import 'node:http';",
      'store/memory.ts': "import './contract.ts'; import './memory-table.ts';",
      'store/memory-table.ts': "import '../errors.ts';",
      'url.ts': "export const open = () => import('./store/memory.ts');",
      'index.ts': "import './create-sessions.ts';",
      'create-sessions.ts': "import './interface/open.ts'; import './store/memory.ts';",
    });
    expect(output).toContain('no dependency violations found');
    expect(status).toBe(0);
  });

  // All in one house, since the linter takes a second to start.
  const WRONG = [
    ['from the session to the interface', 'session/session.ts', '../interface/open.ts', 'arrows-of-session'],
    ['from the interface to an adapter', 'interface/open.ts', '../http/express.ts', 'arrows-of-interface'],
    ['from the interface to a backend', 'interface/open.ts', '../store/memory.ts', 'arrows-of-interface'],
    ['from an adapter to a backend', 'http/express.ts', '../store/memory.ts', 'arrows-of-http'],
    ['from an adapter to the cookie', 'http/express.ts', '../cookie/parse.ts', 'arrows-of-http'],
    ['from the keys to the codec', 'keys/ring.ts', '../codec/json.ts', 'arrows-of-keys'],
    ['from a store to the session', 'store/memory.ts', '../session/session.ts', 'arrows-of-store'],
    ['from one store to another', 'store/memory.ts', './sqlite.ts', 'arrows-of-store'],
    ['from a store around a store to a backend', 'store/migrating.ts', './memory.ts', 'arrows-of-stores-around-stores'],
    ['from a store on rows to another', 'store/keyv.ts', './express.ts', 'arrows-of-stores-on-rows'],
    ['from what they have in common to one of them', 'store/row-store.ts', './keyv.ts', 'arrows-of-rows'],
    ['from the suite to an adapter', 'testing/suite.ts', '../http/express.ts', 'arrows-of-testing'],
    ['from other libraries to the session', 'interop/flask.ts', '../session/session.ts', 'arrows-of-interop'],
    ['from the ground floor upwards', 'clock.ts', './keys/ring.ts', 'ground-imports-nothing-above'],
    ['from the interface to the front door', 'interface/open.ts', '../create-sessions.ts', 'arrows-of-interface'],
    ['from the front door to a driver', 'index.ts', './store/sqlite.ts', 'arrows-of-index'],
  ] as const;
  const MORE_WRONG = {
    'keys/here.ts': "import type { There } from './there.ts'; export interface Here { there: There }",
    'keys/there.ts': "import type { Here } from './here.ts'; export interface There { here: Here }",
    'codec/text.ts': "import { verbs } from '../store/contract.ts';",
    'url.ts': "import './store/sqlite.ts';",
    'http/fetch.ts': "import 'express'; import 'coatcheck/errors';",
    'attic/trunk.ts': "import '../errors.ts';",
  };
  const target = (from: string, to: string): string => join(dirname(from), to);
  let refused: ReturnType<typeof lint>;
  beforeAll(() => {
    const files: Record<string, string> = Object.fromEntries(WRONG.map(([, from, to]) => [target(from, to), '']));
    for (const [, from, to] of WRONG) files[from] = `${files[from] ?? ''} import '${to}';`;
    refused = build({ ...files, ...MORE_WRONG });
  });

  it.each(WRONG)('refuse one %s', (_, from, to, rule) => {
    expect(refused.output).toContain(`error ${rule}: src/${from} → src/${target(from, to)}`);
    expect(refused.status).not.toBe(0);
  });

  it.each([
    ['a circle, also one of types only', 'no-circle: src/keys/here.ts → '],
    [
      'a codec that takes more than types of the store contract',
      'codec-takes-only-types-of-the-store: src/codec/text.ts → src/store/contract.ts',
    ],
    ['a store that url.ts loads for everybody', 'url-loads-stores-lazily: src/url.ts → src/store/sqlite.ts'],
    ['the package express in src', 'no-third-party: src/http/fetch.ts → express'],
    ['the package coatcheck/errors in src', 'no-third-party: src/http/fetch.ts → coatcheck/errors'],
    ['a room that the map does not show', 'no-unknown-room: src/attic/trunk.ts'],
  ])('refuse %s', (_, violation) => {
    expect(refused.output).toContain(`error ${violation}`);
    expect(refused.status).not.toBe(0);
  });
});
