import { createRequire } from 'node:module';
import type { SqliteDatabase } from '../../src/store/sqlite-driver.ts';

export interface TestDriver {
  readonly name: string;
  /** Why it is not there; undefined where it is. */
  readonly missing: string | undefined;
  open(path: string, options?: { readOnly?: boolean }): SqliteDatabase;
}

type Module = Record<string, new (path: string, options?: object) => SqliteDatabase>;

/**
 * Every driver the store knows, and whether the running runtime has it. Where other runtimes stand ready, those that
 * this one cannot have are tested by them and left out here.
 */
export async function testDrivers(): Promise<TestDriver[]> {
  const drivers = await allDrivers();
  return process.env.COATCHECK_RUNTIMES === undefined
    ? drivers
    : drivers.filter(({ missing }) => missing === undefined);
}

async function allDrivers(): Promise<TestDriver[]> {
  return [
    await driver('node:sqlite', 'DatabaseSync', ({ readOnly = false }) => ({ readOnly })),
    await driver('libsql', 'default', ({ readOnly = false }) => ({ readonly: readOnly })),
    await driver('better-sqlite3', 'default', ({ readOnly = false }) => ({ readonly: readOnly, timeout: 5000 })),
  ];
}

export async function testDriver(name: string): Promise<TestDriver> {
  const found = (await testDrivers()).find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no driver ${name}`);
  return found;
}

async function driver(
  name: string,
  member: string,
  options: (wish: { readOnly?: boolean }) => object,
): Promise<TestDriver> {
  const open = (path: string, wish: { readOnly?: boolean } = {}): SqliteDatabase => {
    const Database = module?.[member];
    if (Database === undefined) throw new Error(`${name} has no ${member}`);
    return new Database(path, options(wish));
  };
  let module: Module | undefined;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (name === 'better-sqlite3' && (major < 22 || (major === 22 && minor < 14))) {
    return { name, missing: 'it ends the process on Node before 22.14', open };
  }
  module = (await ofThisPackage(name)) ?? besideRuntimes(name);
  return { name, missing: module === undefined ? 'it is not installed here' : undefined, open };
}

async function ofThisPackage(name: string): Promise<Module | undefined> {
  return import(name).catch(() => undefined) as Promise<Module | undefined>;
}

/** A driver that only newer runtimes can load is installed beside them. */
function besideRuntimes(name: string): Module | undefined {
  const folder = process.env.COATCHECK_RUNTIMES;
  if (folder === undefined) return undefined;
  try {
    return { default: createRequire(`${folder}/package.json`)(name) };
  } catch {
    return undefined;
  }
}
