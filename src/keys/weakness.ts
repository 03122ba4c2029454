const LEAST_BYTES = 32;
const LEAST_DISTINCT = 8;
const LEAST_BITS = 80;
const LEAST_UNKNOWN = 16;

// What placeholders in documentation, templates and old answers are made of. The longer words first, so that
// `password` does not leave `word` behind. A word here may not be one that random hex or base64url is likely to hold.
const PLACEHOLDER_WORDS =
  /abcdefghijklmnopqrstuvwxyz|0123456789abcdef|1234567890|0123456789|12345678|qwertyuiop|asdfghjkl|zxcvbnm|characters|development|placeholder|environment|production|generated?|insecure|passphrase|password|keyboard|internal|changeit|changeme|sessions?|something|minimum|required|replace|default|example|cookies?|express|generate|flask|secret|secure|secretkey|string|strong|unsafe|please|random|change|should|insert|longer|signing|private|enough|length|coatcheck|tokens?|super|least|chars?|bytes?|update|testing|really|value|this|that|your|with|from|here|must|very|long|test|keys?|demo|todo|some|hash|auth|jwt|cat|the|and|for|not|set|use|put|own|app|dev|salt|at|is|in|my|me|to|of|or|xxx+|\d{2,4}$/g;

/**
 * Why bytes are too weak for a secret, in words for an error message that never quote them; undefined if they are not.
 *
 * Nothing is decoded: 64 hex characters are 64 bytes with 16 distinct values at most, and of good random ones a
 * quarter has fewer than 16. So the bound on variety is not a count of 16 but one that random secrets of every usual
 * alphabet pass: 8 distinct bytes and 80 bits by their own frequencies. 32 random hex characters, the worst usual
 * case, fall below it less than once in ten million.
 */
export function weaknessOf(bytes: Uint8Array): string | undefined {
  const length = bytes.byteLength;
  if (length === 0) return 'it is empty';
  if (length < LEAST_BYTES) return `it has ${length} bytes and needs at least ${LEAST_BYTES}`;
  const period = periodOf(bytes);
  if (period < LEAST_BYTES) return `it repeats the same ${period === 1 ? 'character' : `${period} bytes`}`;
  const { distinct, bits } = varietyOf(bytes);
  if (distinct < LEAST_DISTINCT) return `it is made of ${distinct} different characters only`;
  if (bits < LEAST_BITS) return 'almost all of it is the same few characters';
  if (stepsOf(bytes) * 4 > (length - 1) * 3) return 'it counts up or down';
  if (isPlaceholder(bytes)) return 'it is a placeholder, made of words from documentation';
  return undefined;
}

// The shortest beginning whose repetition is the whole; at most half, since a random secret may well end as it begins.
function periodOf(bytes: Uint8Array): number {
  for (let period = 1; period <= bytes.byteLength / 2; period += 1) {
    let at = period;
    while (at < bytes.byteLength && bytes[at] === bytes[at - period]) at += 1;
    if (at === bytes.byteLength) return period;
  }
  return bytes.byteLength;
}

// Shannon's entropy of the bytes' own frequencies: an upper bound on what somebody who knows the alphabet must guess.
function varietyOf(bytes: Uint8Array): { distinct: number; bits: number } {
  const counts = new Map<number, number>();
  for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits += count * Math.log2(bytes.byteLength / count);
  return { distinct: counts.size, bits };
}

function stepsOf(bytes: Uint8Array): number {
  let steps = 0;
  for (let at = 1; at < bytes.byteLength; at += 1) {
    if (Math.abs((bytes[at] ?? 0) - (bytes[at - 1] ?? 0)) <= 1) steps += 1;
  }
  return steps;
}

function isPlaceholder(bytes: Uint8Array): boolean {
  // Bytes that are no UTF-8 become U+FFFD, which is no word either: it counts as unknown.
  const text = new TextDecoder().decode(bytes).toLowerCase();
  const unknown = text
    .replace(/[\s\p{P}\p{S}]/gu, (mark) => (mark === '\uFFFD' ? mark : ''))
    .replace(PLACEHOLDER_WORDS, '');
  return unknown.length < LEAST_UNKNOWN;
}
