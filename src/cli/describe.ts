import type { DecodedRecord } from '../codec/contract.ts';
import { kindOf, textOf } from './facts.ts';
import type { Output } from './output.ts';
import { distance, harmless, moment, number, several } from './text.ts';

/** What a record says, without what would lead to another: linked keys are counted, nonces left out. */
export function contentsOf({ data, meta }: DecodedRecord, withValues: boolean): Record<string, unknown> {
  const { created, authenticated, address, permanent, linked, commits } = meta;
  return {
    created: moment(created),
    ...(authenticated && {
      loggedIn: {
        user: authenticated.user,
        at: moment(authenticated.at),
        ...(authenticated.methods && { methods: authenticated.methods }),
      },
    }),
    permanent: permanent === true,
    ...(address !== undefined && { address }),
    commits,
    linked: linked?.length ?? 0,
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [
        key,
        withValues ? (JSON.parse(textOf(value)) as unknown) : kindOf(value),
      ]),
    ),
  };
}

/** The same as lines for people. */
export async function printContents(
  out: Output,
  { data, meta }: DecodedRecord,
  withValues: boolean,
  now: number,
): Promise<void> {
  const { created, authenticated, address, permanent, linked, commits } = meta;
  await fields(out, [
    ['created', `${moment(created)} (${distance(created, now)})`],
    ['logged in', authenticated && `${harmless(authenticated.user)}, ${moment(authenticated.at)}`],
    ['permanent', permanent === true ? 'yes' : 'no'],
    ['address', address && harmless(address)],
    ['commits', number(commits)],
    ['linked', linked && `${several(linked.length, 'record')} with the same end`],
  ]);
  await out.line();
  const entries = Object.entries(data);
  if (entries.length === 0) {
    await out.line('no data');
    return;
  }
  const head = ['key', 'kind', ...(withValues ? ['value'] : [])];
  await out.table([
    head,
    ...entries.map(([key, value]) => [harmless(key), kindOf(value), ...(withValues ? [harmless(textOf(value))] : [])]),
  ]);
}

/** Names and what they are; those without are left out. */
export async function fields(out: Output, rows: readonly (readonly [string, string | undefined])[]): Promise<void> {
  for (const [name, value] of rows) if (value !== undefined) await out.line(`${name.padEnd(10)} ${value}`);
}
