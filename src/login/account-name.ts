/** Longer ones are nobody's: an address for mail has 254 at the most. */
const MOST = 1024;

/** Accents, and what is not seen. */
const IGNORED = /[\u0300-\u036f\p{Cc}\p{Cf}\s]/gu;

/**
 * One text for all spellings that an application, or the collation of its database, may take for the same account: a
 * bound that counted them apart would bound nothing. Where two accounts differ by no more than that, they are counted
 * together.
 */
export function foldedName(account: string): string {
  // First to upper case: there are letters of lower case that have more than one form.
  return account.slice(0, MOST).normalize('NFKD').replace(IGNORED, '').toUpperCase().toLowerCase();
}
