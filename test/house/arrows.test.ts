import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let house: string;

beforeEach(() => {
  house = mkdtempSync(join(tmpdir(), 'coatcheck-arrows-'));
});

afterEach(() => {
  rmSync(house, { recursive: true, force: true });
});

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
  for (const [name, text] of Object.entries({
    'errors.ts': 'export const code = 1;',
    'store/contract.ts': 'export type Document = string; export const verbs = 1;',
    ...files,
  })) {
    const path = join(house, 'src', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${text}\nexport const own = 1;\n`);
  }
  return lint(house);
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

  it.each([
    ['from the session to the interface', 'session/session.ts', '../interface/open.ts', 'arrows-of-session'],
    ['from the interface to an adapter', 'interface/open.ts', '../http/express.ts', 'arrows-of-interface'],
    ['from the interface to a backend', 'interface/open.ts', '../store/memory.ts', 'arrows-of-interface'],
    ['from an adapter to a backend', 'http/express.ts', '../store/memory.ts', 'arrows-of-http'],
    ['from an adapter to the cookie', 'http/express.ts', '../cookie/parse.ts', 'arrows-of-http'],
    ['from the keys to the codec', 'keys/ring.ts', '../codec/json.ts', 'arrows-of-keys'],
    ['from a store to the session', 'store/memory.ts', '../session/session.ts', 'arrows-of-store'],
    ['from one store to another', 'store/memory.ts', './sqlite.ts', 'arrows-of-store'],
    ['from the suite to an adapter', 'testing/suite.ts', '../http/express.ts', 'arrows-of-testing'],
    ['from other libraries to the session', 'interop/flask.ts', '../session/session.ts', 'arrows-of-interop'],
    ['from the ground floor upwards', 'clock.ts', './keys/ring.ts', 'ground-imports-nothing-above'],
    ['from the interface to the front door', 'interface/open.ts', '../create-sessions.ts', 'arrows-of-interface'],
    ['from the front door to a driver', 'index.ts', './store/sqlite.ts', 'arrows-of-index'],
  ])('refuse one %s', (_, from, to, rule) => {
    const target = join('src', dirname(from), to).slice('src/'.length);
    const { status, output } = build({ [target]: '', [from]: `import '${to}';` });
    expect(output).toContain(`error ${rule}:`);
    expect(status).not.toBe(0);
  });

  it('refuse a circle, also one of types only', () => {
    const { status, output } = build({
      'keys/ring.ts': "import type { Sign } from './sign.ts'; export interface Ring { sign: Sign }",
      'keys/sign.ts': "import type { Ring } from './ring.ts'; export interface Sign { ring: Ring }",
    });
    expect(output).toContain('error no-circle:');
    expect(status).not.toBe(0);
  });

  it('refuse a codec that takes more than types of the store contract', () => {
    const { status, output } = build({ 'codec/json.ts': "import { verbs } from '../store/contract.ts';" });
    expect(output).toContain('error codec-takes-only-types-of-the-store:');
    expect(status).not.toBe(0);
  });

  it('refuse a store that url.ts loads for everybody', () => {
    const { status, output } = build({ 'store/sqlite.ts': '', 'url.ts': "import './store/sqlite.ts';" });
    expect(output).toContain('error url-loads-stores-lazily:');
    expect(status).not.toBe(0);
  });

  it.each(['express', 'coatcheck/errors'])('refuse the package %s in src', (name) => {
    const { status, output } = build({ 'http/express.ts': `import '${name}';` });
    expect(output).toContain('error no-third-party:');
    expect(status).not.toBe(0);
  });

  it('refuse a room that the map does not show', () => {
    const { status, output } = build({ 'attic/trunk.ts': "import '../errors.ts';" });
    expect(output).toContain('error no-unknown-room:');
    expect(status).not.toBe(0);
  });
});
