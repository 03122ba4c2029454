// Buffer is not everywhere; atob and btoa are.

/** Bytes as standard base64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  return btoa(binaryText(bytes));
}

/** The inverse of `toBase64`; undefined for text that is no standard base64 with padding (`atob` alone is lenient). */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** One character a byte: a string that is equal where the bytes are. */
export function binaryText(bytes: Uint8Array): string {
  let text = '';
  // An argument list has a length limit, and it differs between engines.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}
