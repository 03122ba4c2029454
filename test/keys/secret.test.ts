import { Buffer } from 'node:buffer';
import { execSync } from 'node:child_process';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readSecrets, SECRET_COMMAND } from '../../src/keys/secret.ts';
import { NEW, OLD, seeded, thrown } from './helpers.ts';

const next = seeded(12);
const random = (length: number): Buffer => Buffer.from(Array.from({ length }, () => Math.floor(next() * 256)));

function pick(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[Math.floor(next() * alphabet.length)]).join('');
}

const uuid = (): string =>
  random(16)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

// R12
describe('readSecrets', { timeout: 60_000 }, () => {
  const weak: [string, unknown][] = [
    ['an empty text', ''],
    ['no bytes', new Uint8Array(0)],
    ['a word', 'secret'],
    ['another word', 'changeme'],
    ['31 bytes', OLD.slice(0, 31)],
    ['31 random bytes', random(31)],
    ['a good one beside a short one', [OLD, 'x']],
    ['a short one beside a good one', ['x', OLD]],
    ['an empty one beside a good one', [OLD, '']],
    ['32 equal characters', 'a'.repeat(32)],
    ['200 equal characters', 'z'.repeat(200)],
    ['32 zero bytes', new Uint8Array(32)],
    ['a short text again and again', 'abc123XY'.repeat(8)],
    ['a text of 20 characters twice', OLD.slice(0, 20).repeat(2)],
    ['ten digits again and again', '0123456789'.repeat(4)],
    ['the hex digits again and again', '0123456789abcdef'.repeat(4)],
    ['two characters', 'ababbabaababbbabababaabbbabbaabab'],
    ['one character and a little else', `${'a'.repeat(40)}bcdefghij`],
    ['the alphabet', 'abcdefghijklmnopqrstuvwxyz012345'],
    ['the letters backwards', 'ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvuts'],
    ['bytes that count', Uint8Array.from({ length: 32 }, (_, at) => at)],
    ['a placeholder', 'your-secret-key-must-be-at-least-32-characters'],
    ['a placeholder in capitals', 'PLEASE_CHANGE_THIS_SUPER_SECRET_KEY_IN_PRODUCTION'],
    ['an old favourite', 'keyboard cat keyboard cat keyboard cat!'],
    ['a placeholder with digits', 'my_super_secret_session_password_12345678'],
    ['a placeholder of an old guide', 'change me: insert a very long random string here'],
    ['words that count for nothing', 'this-is-a-development-secret-do-not-use-in-production'],
    ['a placeholder that is bytes', Buffer.from('complex_password_at_least_32_characters_long')],
  ];
  it.each(weak)('refuses %s as weak, says how to make a good one and does not quote it', (_, secret) => {
    const { code, message } = thrown(() => readSecrets(secret as string, 'secret'));
    expect(code).toBe('SECRET_WEAK');
    expect(message).toContain(SECRET_COMMAND);
    for (const one of [secret].flat()) {
      if (typeof one === 'string' && one.length > 10) expect(message).not.toContain(one.slice(0, 10));
    }
  });

  it('names the element of a list that is weak', () => {
    expect(thrown(() => readSecrets([OLD, 'x'], 'secret')).message).toMatch(/^secret\[1\] is too weak: it has 1 bytes/);
  });

  const missing: [string, unknown][] = [
    ['an environment variable that is not set', undefined],
    ['null', null],
    ['an empty list', []],
    ['a list with an environment variable that is not set', [OLD, undefined]],
  ];
  it.each(missing)('asks for a secret instead of %s', (_, secret) => {
    const { code, message } = thrown(() => readSecrets(secret as undefined, 'SECRET_KEY'));
    expect(code).toBe('SECRET_REQUIRED');
    expect(message).toMatch(/^SECRET_KEY/);
    expect(message).toContain(SECRET_COMMAND);
  });

  const wrong: [string, unknown][] = [
    ['a number', 12_345_678_901_234],
    ['an object', { secret: OLD }],
    ['a list in a list', [[OLD]]],
    ['a text that UTF-8 cannot write', `${OLD}\uD800`],
  ];
  it.each(wrong)('refuses %s as no secret at all', (_, secret) => {
    expect(thrown(() => readSecrets(secret as string, 'secret')).code).toBe('OPTION_INVALID');
  });

  const alphabets: [string, () => string | Uint8Array][] = [
    ['32 random bytes', () => new Uint8Array(random(32))],
    ['64 random hex characters', () => random(32).toString('hex')],
    ['32 random hex characters', () => random(16).toString('hex')],
    ['43 random base64url characters', () => random(32).toString('base64url')],
    ['44 random base64 characters', () => random(32).toString('base64')],
    ['32 random letters and digits', () => pick('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz012345', 32)],
    ['52 random base32 characters', () => pick('abcdefghijklmnopqrstuvwxyz234567', 52)],
    ['two random UUIDs', () => `${uuid()} ${uuid()}`],
  ];
  it.each(alphabets)('accepts %s, every time', (_, make) => {
    for (let n = 0; n < 1000; n += 1) expect(() => readSecrets(make(), 'secret')).not.toThrow();
  });

  it('accepts a random text behind words, and a passphrase of unusual words', () => {
    expect(() => readSecrets(`my-app-session-secret-${OLD}`, 'secret')).not.toThrow();
    expect(() => readSecrets('zebra lantern quokka mortar violet thimble', 'secret')).not.toThrow();
  });

  it('accepts what the command in the errors prints', () => {
    expect(() => readSecrets(execSync(SECRET_COMMAND, { encoding: 'utf8' }).trim(), 'secret')).not.toThrow();
  });

  it('takes secrets as they are: UTF-8 of a text, a copy of bytes, nothing decoded', () => {
    const given = new Uint8Array(random(32));
    const before = Uint8Array.from(given);
    const [bytes, text] = readSecrets([given, `ä${OLD}`], 'secret');
    given.fill(0);
    expect(new Uint8Array(bytes.reveal())).toEqual(before);
    expect(Buffer.from(text?.reveal() ?? []).toString('utf8')).toBe(`ä${OLD}`);
  });

  // R104
  it('shows its secrets in no inspection, JSON or string', () => {
    const secrets = readSecrets([OLD, NEW], 'secret');
    const shown = [
      inspect(secrets, { showHidden: true, depth: 9, getters: true }),
      JSON.stringify(secrets),
      String(secrets),
      `${secrets[0]}`,
    ].join('\n');
    for (const secret of [OLD, NEW]) {
      expect(shown).not.toContain(secret.slice(0, 8));
      expect(shown).not.toContain(Buffer.from(secret).toString('hex').slice(0, 8));
    }
    expect(shown).toContain('[redacted]');
  });
});
