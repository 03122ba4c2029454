/**
 * What a session costs beyond what any session must pay: `npm run bench:micro`.
 *
 * Open and commit without HTTP, for a session of about 1 KB, and the parts that nobody can save (parsing the document,
 * hashing the id, stringifying the document, AES-GCM) measured in the same run. The last column is the difference.
 *
 * An AES-GCM operation of a sealed cookie is the cipher with what the format gives it: a fresh salt and nonce, the
 * one-time key by HKDF-Expand, base64url. It is measured as one would write it by hand with node:crypto; the cipher
 * alone stands beside it.
 */
import { createCipheriv, createDecipheriv, createHmac, hash, randomBytes } from 'node:crypto';
import {
  createCookieSessions,
  createSessions,
  type Session,
  type SessionInterface,
  type SessionRequest,
} from 'coatcheck';
import { memoryStore } from 'coatcheck/store/memory';
import { Bench } from 'tinybench';

const BOUNDS = { read: 5, write: 10, sealed: 10 };

const data = {
  user: 'ann',
  name: 'Ann Example',
  roles: ['reader', 'writer', 'editor'],
  cart: Array.from({ length: 8 }, (_, i) => ({
    sku: `sku-${1000 + i}`,
    title: `A thing to buy, number ${i}`,
    count: i,
  })),
  theme: 'dark',
  language: 'en-GB',
  visits: 41,
  note: 'x'.repeat(280),
};

function request(cookie: string): SessionRequest {
  return { method: 'GET', path: '/', cookie, header: () => undefined, address: '127.0.0.1', secure: true };
}

const secret = randomBytes(32);
const lifetime = { idle: '1h', absolute: '24h' };
const stored = createSessions({ store: memoryStore(), lifetime, sweep: false });
const sealed = createCookieSessions({ secret, revocation: 'none', lifetime });

/** A cookie of a session that holds the data. */
async function cookieOf(sessions: SessionInterface<Session>): Promise<string> {
  const session = await sessions.open(request(''));
  session?.assign(data);
  if (session === undefined) throw new Error('no session');
  const { setCookie } = await sessions.commit(session, { status: 200 });
  return setCookie[0]?.split(';')[0] ?? '';
}

const storedCookie = await cookieOf(stored);
const sealedCookie = await cookieOf(sealed);
const id = storedCookie.slice(storedCookie.indexOf('=') + 1);
const document = JSON.stringify({
  meta: { format: 1, created: 1, commits: 9, nonces: Array(8).fill('AAAAAAAAAAA') },
  data,
});
const parsed = JSON.parse(document) as object;
const key = randomBytes(32);
const nonce = randomBytes(12);
const purpose = Buffer.from('a purpose and the name of a cookie');
const COUNTER = Uint8Array.of(1);
const ciphertext = encrypt(key, nonce);
const sealedByHand = seal();
let n = 0;

/** The cipher alone. */
function encrypt(oneTime: Uint8Array, iv: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', oneTime, iv);
  const body = Buffer.concat([cipher.update(document, 'utf8'), cipher.final()]);
  return Buffer.concat([body, cipher.getAuthTag()]);
}

function decrypt(oneTime: Uint8Array, iv: Uint8Array, sealed: Uint8Array): string {
  const decipher = createDecipheriv('aes-256-gcm', oneTime, iv);
  decipher.setAuthTag(sealed.subarray(-16));
  return decipher.update(sealed.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8');
}

/** HKDF-Expand of one block (RFC 5869 section 2.3). */
function oneTimeKey(salt: Uint8Array): Buffer {
  return createHmac('sha256', key).update(purpose).update(salt).update(COUNTER).digest();
}

function seal(): string {
  const random = randomBytes(28);
  const body = encrypt(oneTimeKey(random.subarray(0, 16)), random.subarray(16));
  return Buffer.concat([random, body]).toString('base64url');
}

function unseal(): string {
  const bytes = Buffer.from(sealedByHand, 'base64url');
  return decrypt(oneTimeKey(bytes.subarray(0, 16)), bytes.subarray(16, 28), bytes.subarray(28));
}

async function read(sessions: SessionInterface<Session>, cookie: string): Promise<void> {
  const session = await sessions.open(request(cookie));
  if (session?.user !== 'ann') throw new Error('the session was not found');
  await sessions.commit(session, { status: 200 });
}

async function write(sessions: SessionInterface<Session>, cookie: string): Promise<void> {
  const session = await sessions.open(request(cookie));
  if (session === undefined) throw new Error('the session was not found');
  session.visits = ++n;
  await sessions.commit(session, { status: 200 });
}

const bench = new Bench({ time: 1500, warmupTime: 500 });
bench
  .add('parse', () => void JSON.parse(document))
  .add('stringify', () => void JSON.stringify(parsed))
  .add('hash', () => void hash('sha256', id, 'hex'))
  .add('cipher', () => void encrypt(key, nonce))
  .add('decipher', () => void decrypt(key, nonce, ciphertext))
  .add('aes-gcm seal', () => void seal())
  .add('aes-gcm open', () => void unseal())
  .add('read', () => read(stored, storedCookie))
  .add('write', () => write(stored, storedCookie))
  .add('sealed read', () => read(sealed, sealedCookie))
  .add('sealed write', () => write(sealed, sealedCookie));
await bench.run();

/** Median, in microseconds. */
function us(name: string): number {
  const result = bench.getTask(name)?.result;
  if (result === undefined || !('latency' in result)) throw new Error(`${name} did not run`);
  return result.latency.p50 * 1000;
}

const rows = [
  ['read', us('read'), us('parse') + us('hash'), BOUNDS.read],
  ['write', us('write'), us('parse') + us('hash') + us('stringify'), BOUNDS.write],
  ['sealed read', us('sealed read'), us('parse') + us('aes-gcm open'), BOUNDS.sealed],
  [
    'sealed write',
    us('sealed write'),
    us('parse') + us('stringify') + us('aes-gcm open') + us('aes-gcm seal'),
    BOUNDS.sealed,
  ],
] as const;

console.log(`Node ${process.version}, session of ${document.length} bytes, medians in us`);
for (const part of ['parse', 'stringify', 'hash', 'cipher', 'decipher', 'aes-gcm seal', 'aes-gcm open']) {
  console.log(`  ${part.padEnd(14)}${us(part).toFixed(2).padStart(8)}`);
}
console.log(`  ${''.padEnd(14)}${'all'.padStart(8)}${'parts'.padStart(8)}${'ours'.padStart(8)}${'bound'.padStart(8)}`);
let over = 0;
for (const [name, all, parts, bound] of rows) {
  const ours = all - parts;
  if (ours > bound) over++;
  const cells = [all.toFixed(2), parts.toFixed(2), ours.toFixed(2), String(bound)]
    .map((cell) => cell.padStart(8))
    .join('');
  console.log(`  ${name.padEnd(14)}${cells}${ours > bound ? '  OVER' : ''}`);
}
const strict = us('sealed write') - us('parse') - us('stringify') - us('cipher') - us('decipher');
console.log(`  a sealed write beyond the bare ciphers: ${strict.toFixed(2)}`);
await stored.close();
process.exitCode = over > 0 ? 1 : 0;
