import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeCodec } from '../../src/codec/native.ts';
import { TaggedJson } from '../../src/codec/tagged-json.ts';
import { Markup, Tuple, Uuid } from '../../src/codec/values.ts';
import { flaskValue } from './arbitraries.ts';

const python = process.env.COATCHECK_PYTHON ?? 'python3';
const script = fileURLToPath(new URL('./flask_tags.py', import.meta.url));

const probe = spawnSync(python, ['-c', 'import flask.json.tag'], { encoding: 'utf8' });
const lacking = probe.status === 0 ? undefined : (probe.error?.message ?? probe.stderr.trim().split('\n').at(-1));
if (lacking !== undefined && process.env.CI !== 'true') {
  console.warn(`SKIPPED: reading and writing with Flask itself. ${python} cannot import it: ${lacking}`);
}

function flask(request: { do: string; text?: string }): { value?: any; text: string } {
  const run = spawnSync(python, [script], {
    input: JSON.stringify(request),
    encoding: 'utf8',
    env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
  });
  if (run.status !== 0) throw new Error(`${python} failed: ${run.error?.message ?? run.stderr}`);
  return JSON.parse(run.stdout);
}

const UUID = '2f1acc9b-4c7e-4b0e-8d6a-0c1b2a3d4e5f';

// With CI=true these run whatever the probe says, and fail.
describe.skipIf(lacking !== undefined && process.env.CI !== 'true')(
  `Flask's own tagged JSON (${lacking ?? 'found'})`,
  () => {
    const flaskText = new TaggedJson({ sortKeys: true, ascii: true, flaskOnly: true });

    it('reads our native document and finds the types of its values', () => {
      const data = {
        tuple: Tuple.of<unknown>(1, Tuple.of('x')),
        list: [1, 'é', null],
        bytes: new Uint8Array([0, 255]),
        markup: new Markup('<b>'),
        uuid: new Uuid(UUID),
        when: new Date(Date.UTC(2024, 1, 29, 23, 59, 58)),
        escaped: { ' t': 1 },
        set: new Set([1]),
        escapedOwn: { ' S': [1] },
      };
      const document = nativeCodec().encode({ data, meta: { created: 5, commits: 1, nonces: ['n'] } });
      const { value } = flask({ do: 'read', text: document as string });
      expect(value.dict.meta).toEqual({ dict: { format: 1, created: 5, commits: 1, nonces: { list: ['n'] } } });
      expect(value.dict.data.dict).toEqual({
        tuple: { tuple: [1, { tuple: ['x'] }] },
        list: { list: [1, 'é', null] },
        bytes: { bytes: '00ff' },
        markup: { Markup: '<b>' },
        uuid: { UUID },
        when: { datetime: '2024-02-29T23:59:58+00:00' },
        escaped: { dict: { ' t': 1 } },
        set: { dict: { ' S': { list: [1] } } },
        escapedOwn: { dict: { ' S': { list: [1] } } },
      });
    });

    it('writes text that we read with every type, and write again byte for byte', () => {
      const { text } = flask({ do: 'write' });
      const value = new TaggedJson().loads(text);
      expect(value).toStrictEqual({
        tuple: Tuple.of<unknown>(1, Tuple.of<unknown>(2, 'x'), []),
        list: [1, null, true, 1.5],
        bytes: Uint8Array.from({ length: 256 }, (_, i) => i),
        markup: new Markup('<b>é</b>'),
        uuid: new Uuid(UUID),
        when: new Date(Date.UTC(2024, 1, 29, 23, 59, 58)),
        escaped: { ' t': 1 },
        twice: { ' di': { ' t': Tuple.of(1) } },
        plain: { ' q': 1, é: '\u007f\u{1f600}\ue000' },
        '\u{1f600}': 1,
        '\ue000': 2,
        10: 'a',
        9: 'b',
        small: [0.00001, 1.5e-7, 0.001],
        lone: '\ud800',
      });
      expect(flaskText.dumps(value)).toBe(text);
    });

    it('reads any text of ours and writes it again byte for byte', () => {
      // All values in one run of the interpreter.
      const values = fc.sample(flaskValue, { numRuns: 300, seed: 7 });
      const text = flaskText.dumps(values);
      expect(flask({ do: 'again', text }).text).toBe(text);
    });
  },
);
