import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { type CookieOptions, type CookieTemplate, cookieTemplate, prefixedName } from '../cookie/options.ts';
import { readCookie } from '../cookie/parse.ts';
import { CoatcheckError } from '../errors.ts';
import { isId, newId } from '../keys/ids.ts';
import { KeyRing } from '../keys/ring.ts';
import { readSecrets, type Secret } from '../keys/secret.ts';
import { signId, verifyId } from '../keys/sign.ts';

/** The secret of a visitor whom nobody has logged in: 32 random bytes in a cookie of their own. */
export class CookieSecret {
  readonly #template: CookieTemplate;
  readonly #ring: KeyRing | undefined;

  /** @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`, `SECRET_REQUIRED`, `SECRET_WEAK` */
  constructor(options: CookieOptions, secret: Secret | readonly Secret[] | undefined) {
    this.#template = cookieTemplate({ ...options, name: options.name ?? prefixedName('csrf', options) });
    const { name, secure } = this.#template;
    // A name without the lock on its host can be planted from a sibling: then at least the value must be ours.
    if (secure && !name.startsWith('__Host-') && secret === undefined) {
      throw new CoatcheckError(
        'SECRET_REQUIRED',
        `A sibling subdomain can plant the cookie ${name}, so its value is signed: give createCsrf a secret, or leave cookie.domain, cookie.path and cookie.name out.`,
      );
    }
    if (secret !== undefined) this.#ring = new KeyRing(readSecrets(secret, 'secret'), 'csrf', this.#template.name);
  }

  get name(): string {
    return this.#template.name;
  }

  /** Whether the header has a cookie of the name, whatever it says. */
  isIn(header: string | undefined): boolean {
    return readCookie(header, this.name).kind !== 'none';
  }

  /** The secret that a Cookie header carries; undefined for none, for several, and for what is none of ours. */
  read(header: string | undefined): string | undefined {
    const found = readCookie(header, this.name);
    if (found.kind !== 'one') return undefined;
    if (this.#ring === undefined) return isId(found.value) ? found.value : undefined;
    return verifyId(this.#ring, found.value)?.id;
  }

  /** A new one. */
  draw(): string {
    return newId();
  }

  /** Its Set-Cookie. It ends with the browser's session. */
  set(secret: string): string {
    return this.#template.setOpaque(this.#ring === undefined ? secret : signId(this.#ring, secret));
  }

  delete(): string {
    return this.#template.delete();
  }

  /** What its tokens are made of: worth nothing with a cookie of another name (R11). */
  keyOf(secret: string): Uint8Array {
    return createHmac('sha256', Buffer.from(secret)).update(`coatcheck\0csrf\0${this.name}`).digest();
  }
}
