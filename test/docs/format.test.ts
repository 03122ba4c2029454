import { describe, expect, test } from 'vitest';
import { closedDocument } from '../../src/codec/closed.ts';
import { nativeCodec } from '../../src/codec/native.ts';
import { Tuple } from '../../src/codec/values.ts';
import { block } from './blocks.ts';
import { runPython, withoutFlask } from './python.ts';

const PAGE = 'docs/format.md';

const data = { user: 'ann', point: Tuple.of(1, 2), tags: new Set(['a']), at: new Date(1_700_000_000_123) };
const document = nativeCodec().encode({ data, meta: { created: 5, commits: 1, nonces: ['n'] } }) as string;

describe.skipIf(withoutFlask)('the Python of docs/format.md', () => {
  const first = `import sys\ndocument = sys.stdin.read()\n${block(PAGE, 'In Python', 'python').code}\nprint(data)`;

  test('reads our document, with what only we have as small dictionaries', () => {
    const read = runPython(first, document).trim();
    const at = "{' D': '2023-11-14T22:13:20.123Z'}";
    expect(read).toBe(`{'user': 'ann', 'point': (1, 2), 'tags': {' S': ['a']}, 'at': ${at}}`);
  });

  test('knows a closed document', () => {
    expect(runPython(first, closedDocument('n') as string).trim()).toBe('None');
  });

  test('reads the other tags too when they are registered', () => {
    const { code } = block(PAGE, 'In Python 2', 'python');
    const then = 'import sys\nd = serializer.loads(sys.stdin.read())["data"]\nprint(d["tags"], d["at"].isoformat())';
    expect(runPython(`${code}\n${then}`, document).trim()).toBe("{'a'} 2023-11-14T22:13:20.123000+00:00");
  });
});
