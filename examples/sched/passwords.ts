import { randomUUID } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** Argon2id with 19 MiB, two passes and one lane: the library's defaults, and OWASP's first choice. */
export function hashOf(password: string): Promise<string> {
  return hash(normal(password));
}

/** Of a user whom there is not. */
const NOBODYS: string = await hash(randomUUID());

/** Whether the password is right. It takes as long where there is no hash to compare with. */
export async function isRight(password: string, hashed: string | undefined): Promise<boolean> {
  const right = await verify(hashed ?? NOBODYS, normal(password));
  return right && hashed !== undefined;
}

/** The same letters from every keyboard (NIST SP 800-63B-4, 3.1.1.2). */
function normal(password: string): string {
  return password.normalize('NFKC');
}
