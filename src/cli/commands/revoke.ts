import { linksOf, unlink } from '../../interface/links.ts';
import { Owners } from '../../interface/owners.ts';
import { handleOf, hashName } from '../../keys/ids.ts';
import type { Command } from '../command.ts';
import { EXIT, usage } from '../exit.ts';
import { documents, SESSIONS, spaceOf } from '../facts.ts';
import { checkHandle, type Found, findHandle } from '../owned.ts';
import { atDesk, type Desk, placeOf, STORE_OPTIONS } from '../store.ts';
import { several } from '../text.ts';

export const revoke: Command = {
  name: 'revoke',
  takes: '[handle]',
  words: [0, 1],
  summary: 'ends one session, or all of a user with --owner',
  details: [
    'As a logout does: a closed record stays for a minute, so that no slow request brings the session back, and',
    'what is linked to it ends with it. A record of a space is deleted.',
  ],
  options: {
    ...STORE_OPTIONS,
    owner: { value: 'NAME', help: 'all sessions of this user; with a handle, where to look for it' },
    except: { value: 'HANDLE', help: 'with --owner: the one session that stays' },
  },
  async run({ io, out, values, words: [handle] }) {
    const owner = values.text('owner');
    const except = values.text('except');
    if (except !== undefined && (handle !== undefined || owner === undefined)) {
      throw usage('--except goes with --owner alone: all sessions of a user but one');
    }
    if (handle === undefined && owner === undefined)
      throw usage('Which one? Write a handle, or --owner NAME for all of a user');
    for (const word of [handle, except]) if (word !== undefined) checkHandle(word);
    const place = placeOf(values, io);
    return atDesk(place, async (desk) => {
      if (handle === undefined) {
        const ended = await ownersAt(desk, io.now).revokeAll(owner ?? '', except);
        await (out.json ? out.object({ ended }) : out.line(`${several(ended, 'session')} ended`));
        return EXIT.done;
      }
      const found = await findHandle(desk, place, handle, owner && hashName(owner));
      if (found === undefined) {
        out.note('There is no such session.');
        return EXIT.nothing;
      }
      await end(desk, found, io.now);
      await (out.json ? out.object({ ended: 1 }) : out.line(`${handleOf(found.key)} ended`));
      return EXIT.done;
    });
  },
};

function ownersAt(desk: Desk, now: () => number): Owners {
  return new Owners(desk.access(), documents, { now }, desk.events);
}

async function end(desk: Desk, { key, record }: Found, now: () => number): Promise<void> {
  const { store } = desk;
  const access = desk.access();
  const owner = record.owner?.name;
  if (spaceOf(key) !== SESSIONS) {
    await access.insist('destroy', () => store.destroy(key, owner));
    return;
  }
  // First, as in the core: whoever failed here must find the links when they try again.
  await unlink(access, linksOf(documents, record), owner);
  await ownersAt(desk, now).close(key, owner);
}
