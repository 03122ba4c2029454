/**
 * What the memory store holds: `npm run bench:heap`. 100,000 sessions of 1 KB; a million visitors who only look; a
 * million who write once and never come back, beside people who are logged in.
 */
import { createSessions, type SessionRequest } from 'coatcheck';
import { memoryStore } from 'coatcheck/store/memory';

const MB = 1024 * 1024;
const BOUND_MB = 300;
const FLAT_MB = 30;
const text = 'x'.repeat(200);

function request(cookie?: string): SessionRequest {
  return { method: 'GET', path: '/', cookie, header: () => undefined, address: '127.0.0.1', secure: true };
}

function heapMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / MB;
}

let failed = 0;
function verdict(what: string, value: number, bound: number): void {
  if (value > bound) failed++;
  console.log(
    `${what.padEnd(62)}${value.toFixed(0).padStart(6)} MB, bound ${bound} MB${value > bound ? '  OVER' : ''}`,
  );
}

if (globalThis.gc === undefined) throw new Error('run with --expose-gc, as npm run bench:heap does');

const store = memoryStore();
const sessions = createSessions<{ user: string; parts: string[]; n: number }>({
  store,
  sweep: false,
  ownerOf: (data) => data.user,
});

async function write(user: string | undefined, i: number): Promise<string> {
  const session = await sessions.open(request());
  if (session === undefined) throw new Error('no session');
  // Fresh text each time, so that nothing is shared that a real visitor would not share.
  session.assign({ parts: [1, 2, 3, 4].map((part) => `${text.slice(0, 190)}${part}-${i}`), n: i });
  if (user !== undefined) session.user = user;
  const { setCookie } = await sessions.commit(session, { status: 200 });
  return setCookie[0]?.split(';')[0] ?? '';
}

const empty = heapMb();
for (let i = 0; i < 100_000; i++) await write(undefined, i);
verdict('100,000 sessions of 1 KB', heapMb() - empty, BOUND_MB);

const before = heapMb();
for (let i = 0; i < 1_000_000; i++) {
  const session = await sessions.open(request());
  if (session?.user !== undefined) throw new Error('somebody is there');
  await sessions.commit(session as NonNullable<typeof session>, { status: 200 });
}
verdict('growth after 1,000,000 visitors who only look', heapMb() - before, FLAT_MB);

const kept = [];
for (let i = 0; i < 100; i++) kept.push(await write(`user-${i}`, i));
for (let i = 0; i < 1_000_000; i++) await write(undefined, i);
verdict('growth after 1,000,000 visitors who write once', heapMb() - before, FLAT_MB);
let living = 0;
for (const cookie of kept) {
  const session = await sessions.open(request(cookie));
  if (session?.user !== undefined) living++;
}
if (living !== kept.length) failed++;
console.log(`${'people logged in who are still there'.padEnd(62)}${String(living).padStart(6)} of ${kept.length}`);
process.exitCode = failed > 0 ? 1 : 0;
