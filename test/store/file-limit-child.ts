import { openFiles } from '../../src/store/file.ts';

/** Under `ulimit -f`: writes a large document over a small one, and says what came of it. */
const [, , folder = ''] = process.argv;
const KEY = 'a'.repeat(64);
const store = await openFiles({ folder });
await store.put(KEY, 'small', Date.now() + 60_000);
const error = await store.put(KEY, 'x'.repeat(500_000), Date.now() + 60_000).catch((thrown: unknown) => thrown);
const { code, outcome, retryable, message } = error as Record<string, unknown>;
console.log(JSON.stringify({ code, outcome, retryable, message, document: (await store.read(KEY))?.document }));
