import { type Duration, durationMs } from '../duration.ts';
import type { Said } from './said.ts';
import { wrong } from './values.ts';

type Members = Record<string, unknown>;

/**
 * Puts what the settings say beside the options given in code, which stay as they are. Neither wins: who runs the
 * program and who wrote it must not each believe something else about it.
 *
 * @throws CoatcheckError `SETTING_INVALID`, naming both, where the same thing is said twice and differently
 */
export function merge(options: object, said: readonly Said[]): Members {
  // An option that is undefined says nothing.
  const merged: Members = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  for (const one of said) put(merged, one.path, one);
  return merged;
}

function put(target: Members, [member, ...below]: readonly string[], said: Said): void {
  if (member === undefined) return;
  const there = target[member];
  if (below.length > 0) {
    // What is no object of options is refused later, by those who know the option.
    if (there !== undefined && (typeof there !== 'object' || there === null)) return;
    const inner = { ...there };
    target[member] = inner;
    put(inner, below, said);
  } else if (there === undefined) {
    target[member] = said.value;
  } else if (!same(there, said)) {
    throw wrong(`${said.setting} and the option ${said.path.join('.')}`, 'say different things. Leave one of them out');
  }
}

function same(there: unknown, { path, value }: Said): boolean {
  if (path[0] === 'lifetime') {
    const name = path.join('.');
    return durationMs(there as Duration, name) === durationMs(value as Duration, name);
  }
  // One secret, and a list of one, are the same.
  const [one, two] = [[there].flat(), [value].flat()];
  return one.length === two.length && one.every((element, at) => element === two[at]);
}
