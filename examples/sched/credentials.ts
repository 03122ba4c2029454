export const SHORTEST_PASSWORD = 10;
export const LONGEST_PASSWORD = 200;
export const LONGEST_NAME = 32;

/** A name as it is kept: what looks alike is alike. */
export function nameOf(typed: string): string {
  return typed.normalize('NFKC').trim().toLowerCase();
}

/** What keeps a name from being one; undefined for nothing. */
export function nameProblem(name: string): string | undefined {
  if (name.length > LONGEST_NAME) return `Use ${LONGEST_NAME} characters at most.`;
  if (/^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]+$/u.test(name)) return undefined;
  return 'Use two or more letters and digits; dots, hyphens and underscores may stand between them.';
}

/** What keeps a password from being one; undefined for nothing. Length is all that is asked (OWASP ASVS 6.2.5). */
export function passwordProblem(password: string, name: string): string | undefined {
  if (password.length < SHORTEST_PASSWORD) return `Use ${SHORTEST_PASSWORD} characters or more.`;
  if (password.length > LONGEST_PASSWORD) return `Use ${LONGEST_PASSWORD} characters at most.`;
  if (/\p{Cc}/u.test(password)) return 'Leave control characters out.';
  if (nameOf(password).includes(name) && name.length > 3) return 'Choose one without your name in it.';
  return undefined;
}
