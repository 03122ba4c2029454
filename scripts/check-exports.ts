/**
 * Checks the package as its users get it: packed, installed into an empty folder, imported by its public names.
 *
 * 1. `coatcheck/X` is `src/X.ts` or `src/X/index.ts`, so that a path in an import tells the file.
 * 2. Every subpath imports, by `import` and by `require`, and both give the same module.
 * 3. No subpath loads anything but files of this package and builtins, and no driver: not even `node:sqlite`.
 * 4. The command starts, as `npx` finds it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

interface Manifest {
  readonly name: string;
  readonly dependencies?: Record<string, string>;
  readonly exports: Record<string, Record<string, string>>;
  readonly bin: Record<string, string>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const problems: string[] = [];

/** Whether there is something to import. */
function checkRule(subpath: string, target: Record<string, string>): boolean {
  const path = subpath === '.' ? 'index' : subpath.slice(2);
  const candidates = subpath === '.' ? ['index'] : [path, `${path}/index`];
  const sources = candidates.filter((candidate) => existsSync(join(root, 'src', `${candidate}.ts`)));
  const [source] = sources;
  if (source === undefined || sources.length > 1) {
    const found = sources.length === 0 ? 'neither exists' : 'both exist';
    problems.push(`${subpath}: wants src/${candidates.join('.ts or src/')}.ts, and ${found}`);
    return false;
  }
  const expected = { types: `./dist/${source}.d.ts`, default: `./dist/${source}.js` };
  if (JSON.stringify(target) !== JSON.stringify(expected)) {
    problems.push(`${subpath}: package.json should say ${JSON.stringify(expected)}`);
    return false;
  }
  return true;
}

// Runs on the loader's thread, which shares nothing with the importing one but the file it writes to.
const HOOKS = `
import { appendFileSync } from 'node:fs';
let log;
export function initialize(data) { log = data; }
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  appendFileSync(log, resolved.url + '\\n');
  return resolved;
}
`;

const PROBE = `
import { register, createRequire } from 'node:module';
const [name, log] = process.argv.slice(2);
register('./hooks.mjs', import.meta.url, { data: log });
const imported = await import(name);
const required = createRequire(import.meta.url)(name);
const apart = Object.keys(imported).filter((key) => imported[key] !== required[key]);
if (apart.length > 0) throw new Error('import and require give different ' + apart.join(', '));
`;

function install(folder: string): void {
  const npm = (args: string[], cwd: string) => execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: 'pipe' });
  npm(['pack', '--ignore-scripts', '--pack-destination', folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no file');
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  npm(['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', `./${tarball}`], folder);
  const installed = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
  if (installed.join() !== manifest.name)
    problems.push(`installing brings ${installed.join(', ')}: one package is promised`);
}

function checkImport(folder: string, subpath: string): void {
  const name = manifest.name + subpath.slice(1);
  const log = join(folder, `${name.replaceAll('/', '-')}.log`);
  writeFileSync(log, '');
  try {
    execFileSync(process.execPath, ['probe.mjs', name, log], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stderr = String(error) } = error as { stderr?: string };
    problems.push(`${name}: does not import: ${/^\w*Error.*$/m.exec(stderr)?.[0] ?? stderr}`);
    return;
  }
  const own = pathToFileURL(join(folder, 'node_modules', manifest.name, 'dist')).href;
  const loaded = new Set(readFileSync(log, 'utf8').trim().split('\n'));
  const foreign = [...loaded].filter((url) => !url.startsWith(`${own}/`) && !url.startsWith('node:'));
  for (const url of foreign) problems.push(`${name}: loads ${url}`);
  if (loaded.has('node:sqlite'))
    problems.push(`${name}: loads node:sqlite on import; a driver is loaded when it is used`);
  const adapters = [...loaded].filter((url) => url.startsWith(`${own}/http/`));
  if (subpath === '.' && adapters.length > 0) problems.push(`${name}: loads adapters: ${adapters.join(', ')}`);
  const files = [...loaded].filter((url) => url.startsWith(own)).length;
  console.log(`${name}: ${files} files, ${loaded.size - files - foreign.length} builtins`);
}

function checkCommand(folder: string, command: string): void {
  try {
    const words = ['--no-install', command, 'secret'];
    const said = execFileSync('npx', words, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
    if (!/^[\w-]{43}\n$/.test(said)) problems.push(`npx ${command} secret: says something else`);
    else console.log(`npx ${command}: starts`);
  } catch (error) {
    problems.push(`npx ${command}: does not start: ${(error as { stderr?: string }).stderr ?? String(error)}`);
  }
}

if (manifest.dependencies !== undefined) problems.push('package.json has dependencies: none are allowed');
const subpaths = Object.entries(manifest.exports)
  .filter(([subpath, target]) => checkRule(subpath, target))
  .map(([subpath]) => subpath);

// The real path: npm and the loader resolve links, and the names are compared as text.
const folder = mkdtempSync(join(realpathSync(tmpdir()), 'coatcheck-exports-'));
try {
  install(folder);
  writeFileSync(join(folder, 'hooks.mjs'), HOOKS);
  writeFileSync(join(folder, 'probe.mjs'), PROBE);
  for (const subpath of subpaths) checkImport(folder, subpath);
  for (const command of Object.keys(manifest.bin)) checkCommand(folder, command);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

for (const problem of problems) console.error(`error ${problem}`);
console.log(problems.length === 0 ? 'Every subpath imports, and the command starts.' : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
