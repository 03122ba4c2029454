import type { Command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { atDesk, placeOf, STORE_OPTIONS, shown } from '../store.ts';
import { several } from '../text.ts';
import { countOf } from '../walk.ts';

/** How many records one batch removes (R94). */
const BATCH = 500;

export const clean: Command = {
  name: 'clean',
  takes: '',
  words: [0, 0],
  summary: 'removes expired records, in batches that let others in between',
  details: [
    'A running application does this by itself, every ten minutes unless it has sweep: false. Redis, memcached',
    'and DynamoDB remove what is expired without being asked.',
  ],
  options: {
    ...STORE_OPTIONS,
    batch: { value: 'N', help: `how many at once; default ${BATCH}` },
    'dry-run': { help: 'only count' },
  },
  async run({ io, out, values }) {
    const place = placeOf(values, io);
    const batch = values.count('batch', BATCH, 1, 10_000);
    return atDesk(place, async (desk) => {
      const { store } = desk;
      const { sweep } = store;
      const now = io.now();
      if (values.on('dry-run')) {
        const expired = await countOf(desk, place, ({ expiresAt }) => expiresAt <= now, io.interrupted);
        if (expired === undefined) return EXIT.interrupted;
        await (out.json
          ? out.object({ expired })
          : out.line(`${several(expired, 'expired record')} in ${shown(place)}`));
        return EXIT.done;
      }
      if (sweep === undefined) {
        const byItself = 'This store removes expired records by itself: there is nothing to do.';
        await (out.json ? out.object({ removed: 0, byItself: true }) : out.line(byItself));
        return EXIT.done;
      }
      const counted = out.shown && store.scan !== undefined;
      const total = counted
        ? await countOf(desk, place, ({ expiresAt }) => expiresAt <= now, io.interrupted)
        : undefined;
      const progress = out.progress('removing', total);
      let removed = 0;
      let gone = batch;
      while (gone >= batch && !io.interrupted.aborted) {
        gone = await desk.access().insist('sweep', () => sweep.call(store, now, batch));
        removed += gone;
        progress.at(removed);
      }
      progress.end();
      await (out.json
        ? out.object({ removed })
        : out.line(`${several(removed, 'expired record')} removed from ${shown(place)}`));
      return io.interrupted.aborted ? EXIT.interrupted : EXIT.done;
    });
  },
};
