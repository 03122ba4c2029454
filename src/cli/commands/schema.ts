import type { Command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { requirementsOf } from '../requirements.ts';
import { placeOf, STORE_OPTIONS, sayable, urlIn } from '../store.ts';

const { store: _, ...NAMES } = STORE_OPTIONS;

export const schema: Command = {
  name: 'schema',
  takes: '[url]',
  words: [0, 1],
  summary: 'prints what has to exist before a store can be used: SQL, indexes, permissions',
  details: [
    'For a program to read: coatcheck schema postgres: | psql. What is for people goes to standard error. Nothing is',
    'connected; without a URL it is that of SESSION_URI and its kin.',
  ],
  options: {
    ...NAMES,
    document: { value: 'FORM', help: 'json or bytes: how PostgreSQL and MySQL keep documents; default json' },
  },
  async run({ io, out, values, words: [url] }) {
    const place = url === undefined ? placeOf(values, io) : { url: urlIn(url, io.env), options: sayable(values) };
    const { text, note } = await requirementsOf(place, values.word('document', ['json', 'bytes'], 'json'));
    out.note(note);
    if (out.json) await out.object({ text, note });
    else if (text !== undefined) await out.line(text);
    return EXIT.done;
  },
};
