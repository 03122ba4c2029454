import { createInterface } from 'node:readline';
import { handleOf, keyOf } from '../../keys/ids.ts';
import type { Call, Command } from '../command.ts';
import { type Cookie, readCookie, splitCookie } from '../cookie.ts';
import { contentsOf, fields, printContents } from '../describe.ts';
import { EXIT, type ExitCode, usage } from '../exit.ts';
import { bytesOf, decoded, type State, stateOf } from '../facts.ts';
import type { Io } from '../io.ts';
import { openingOf, SECRET_OPTIONS } from '../secrets.ts';
import { atDesk, placeOf, STORE_OPTIONS } from '../store.ts';
import { distance, moment, size } from '../text.ts';

export const decode: Command = {
  name: 'decode',
  takes: '[cookie]',
  words: [0, 1],
  summary: "tells what is in a cookie: a ticket's key and handle, a sealed session's contents",
  details: [
    'The cookie is its value, or name=value. Without one it is read from the first line of standard input, where no',
    'other user of the machine sees it and no shell keeps it. A ticket is worth a login: its id is never shown.',
  ],
  options: {
    ...SECRET_OPTIONS,
    ...STORE_OPTIONS,
    store: { value: 'URL', help: 'look there for the record of a ticket' },
    values: { help: 'the values of the data too, not only their kinds' },
  },
  async run(call) {
    const { io, out, values, words } = call;
    const { name, value } = splitCookie(words[0] === undefined || words[0] === '-' ? await lineFrom(io) : words[0]);
    if (value === '')
      throw usage('Which cookie? Write it behind decode, or give it as the first line of standard input');
    const cookie = readCookie(value, openingOf(values, io, name));
    if (cookie === undefined) {
      out.note('This is no cookie of coatcheck.');
      return EXIT.nothing;
    }
    return cookie.shape === 'sealed session' ? tellSealed(call, cookie) : tellTicket(call, cookie);
  },
};

async function lineFrom(io: Io): Promise<string> {
  if (io.stdin.isTTY === true) io.stderr.write('Cookie: ');
  const lines = createInterface({ input: io.stdin, terminal: false });
  for await (const line of lines) {
    lines.close();
    return line;
  }
  return '';
}

const WORDS = {
  good: 'good',
  old: 'good, of an older secret',
  wrong: 'wrong: of another secret or cookie name, or forged',
  unchecked: 'not checked: there is no secret',
} as const;

async function tellTicket(
  { io, out, values }: Call,
  cookie: Cookie & { shape: 'plain ticket' | 'signed ticket' },
): Promise<ExitCode> {
  const key = keyOf(cookie.id);
  const signature = 'signature' in cookie ? cookie.signature : undefined;
  const about = { shape: cookie.shape, signature, key, handle: handleOf(key) };
  const record = values.text('store') === undefined ? undefined : await recordOf(key, { io, values });
  if (out.json) {
    await out.object({ ...about, record });
  } else {
    await fields(out, [
      ['shape', about.shape],
      ['signature', signature && WORDS[signature]],
      ['key', key],
      ['handle', about.handle],
      [
        'record',
        record && (record.expires === undefined ? record.state : `${record.state}, expires ${record.expires}`),
      ],
    ]);
  }
  return signature === 'wrong' ? EXIT.nothing : EXIT.done;
}

/** What the store has under the key of a ticket. */
async function recordOf(
  key: string,
  { io, values }: Pick<Call, 'io' | 'values'>,
): Promise<{ readonly state: State | 'unknown'; readonly expires?: string }> {
  return atDesk(placeOf(values, io), async (desk) => {
    const record = await desk.access().read(key);
    if (record === undefined) return { state: 'unknown' };
    return { state: stateOf(record, io.now()), expires: moment(record.expiresAt) };
  });
}

async function tellSealed({ io, out, values }: Call, cookie: Cookie & { shape: 'sealed session' }): Promise<ExitCode> {
  const { shape, seal } = cookie;
  if (seal === 'wrong') {
    await (out.json
      ? out.object({ shape, seal })
      : fields(out, [
          ['shape', shape],
          ['seal', WORDS[seal]],
        ]));
    return EXIT.nothing;
  }
  const { session, name } = cookie;
  const { id, since, expiresAt, document } = session;
  const now = io.now();
  const state = stateOf({ document, expiresAt, version: 0 }, now);
  const handle = handleOf(keyOf(id));
  const contents = decoded({ document });
  if (out.json) {
    const about = { shape, seal, cookie: name, handle, state, since: moment(since), expires: moment(expiresAt) };
    await out.object({
      ...about,
      bytes: bytesOf(document),
      ...(contents && contentsOf(contents, values.on('values'))),
    });
    return EXIT.done;
  }
  await fields(out, [
    ['shape', shape],
    ['seal', WORDS[seal]],
    ['cookie', name],
    ['handle', handle],
    ['state', state],
    ['since', moment(since)],
    ['expires', `${moment(expiresAt)} (${distance(expiresAt, now)})`],
    ['size', size(bytesOf(document))],
  ]);
  if (contents !== undefined) await printContents(out, contents, values.on('values'), now);
  return EXIT.done;
}
