import { encodeBase64url } from '../../keys/base64url.ts';
import { readSecrets } from '../../keys/secret.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit.ts';

/** R12: used as given, so the text itself is the secret. */
const BYTES = 32;

export const secret: Command = {
  name: 'secret',
  takes: '',
  words: [0, 0],
  summary: 'makes a new secret, for SECRET_KEY or the option secret',
  details: ['32 random bytes as base64url, on a line of its own. It is shown once and kept nowhere.'],
  options: { bytes: { value: 'N', help: `how many random bytes, ${BYTES} at least; default ${BYTES}` } },
  async run({ out, values }) {
    const bytes = crypto.getRandomValues(new Uint8Array(values.count('bytes', BYTES, BYTES, 1024)));
    const text = encodeBase64url(bytes);
    readSecrets(text, 'The new secret');
    await (out.json ? out.object({ secret: text }) : out.line(text));
    return EXIT.done;
  },
};
