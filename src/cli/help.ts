import type { Command } from './command.ts';
import { EXIT } from './exit.ts';
import type { OptionHelps } from './values.ts';

/** What every command knows. */
export const COMMON: OptionHelps = {
  json: { help: 'the result as JSON, without colours and progress' },
  help: { help: 'this text' },
};

export function commandHelp({ name, takes, summary, details, options }: Command): string {
  const all = { ...options, ...COMMON };
  const heads = Object.entries(all).map(
    ([option, { value }]) => `--${option}${value === undefined ? '' : ` ${value}`}`,
  );
  const width = Math.max(...heads.map((head) => head.length));
  const lines = Object.values(all).map(({ help }, at) => `  ${(heads[at] ?? '').padEnd(width)}  ${help}`);
  return [
    `coatcheck ${name}${takes === '' ? '' : ` ${takes}`}`,
    '',
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    ...(details.length === 0 ? [] : ['', ...details]),
    '',
    'Options:',
    ...lines,
  ].join('\n');
}

export function overallHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name, takes }) => `${name} ${takes}`.length));
  return [
    'coatcheck <command> [options]',
    '',
    'Looks after the sessions in a store: --store URL, or SESSION_URI and its kin.',
    '',
    'Commands:',
    ...commands.map(({ name, takes, summary }) => `  ${`${name} ${takes}`.padEnd(width)}  ${summary}`),
    '',
    'coatcheck <command> --help tells more of one.',
    '',
    `Answers: ${EXIT.done} done, ${EXIT.failed} failed, ${EXIT.usage} called wrongly, ${EXIT.nothing} nothing of that name, ` +
      `${EXIT.unable} the store cannot do it, ${EXIT.interrupted} interrupted.`,
  ].join('\n');
}
