import { handleOf, hashName } from '../../keys/ids.ts';
import type { Command } from '../command.ts';
import { contentsOf, fields, printContents } from '../describe.ts';
import { EXIT } from '../exit.ts';
import { bytesOf, decoded, ownerLabel, spaceOf, stateOf } from '../facts.ts';
import { checkHandle, findHandle } from '../owned.ts';
import { atDesk, placeOf, STORE_OPTIONS } from '../store.ts';
import { distance, moment, size } from '../text.ts';

export const show: Command = {
  name: 'show',
  takes: '<handle>',
  words: [1, 1],
  summary: 'shows one session, found by its handle',
  details: [
    'The keys of its data are shown with the kind of their values, and the values with --values: they may be',
    'secrets. No store knows handles, so all keys are walked over; --owner looks at those of one user.',
  ],
  options: {
    ...STORE_OPTIONS,
    owner: { value: 'NAME', help: 'the user it belongs to' },
    values: { help: 'the values of its data too' },
  },
  async run({ io, out, values, words: [handle = ''] }) {
    checkHandle(handle);
    const place = placeOf(values, io);
    const owner = values.text('owner');
    return atDesk(place, async (desk) => {
      const found = await findHandle(desk, place, handle, owner && hashName(owner));
      if (found === undefined) {
        out.note('There is no such session.');
        return EXIT.nothing;
      }
      const { key, record } = found;
      const now = io.now();
      const state = stateOf(record, now);
      const contents = state === 'closed' ? undefined : decoded(record);
      const { expiresAt } = record;
      const bytes = bytesOf(record.document);
      const belongs = record.owner && ownerLabel(record.owner.name);
      if (out.json) {
        const about = {
          handle: handleOf(key),
          space: spaceOf(key),
          state,
          expires: moment(expiresAt),
          owner: belongs,
          bytes,
        };
        await out.object({ ...about, ...(contents && contentsOf(contents, values.on('values'))) });
        return EXIT.done;
      }
      await fields(out, [
        ['handle', handleOf(key)],
        ['space', spaceOf(key)],
        ['state', state],
        ['expires', `${moment(expiresAt)} (${distance(expiresAt, now)})`],
        ['owner', belongs],
        ['size', size(bytes)],
      ]);
      if (contents !== undefined) await printContents(out, contents, values.on('values'), now);
      return EXIT.done;
    });
  },
};
