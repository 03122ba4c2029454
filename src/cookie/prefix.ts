/** The attributes that a name's prefix speaks about. */
export interface PrefixedAttributes {
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly path: string | undefined;
  readonly domain: string | undefined;
}

interface Prefix {
  readonly spelling: string;
  readonly hostLocked: boolean;
  readonly scriptProof: boolean;
}

// The longer first. draft-ietf-httpbis-layered-cookies-02, section 4.1.3.
const PREFIXES: readonly Prefix[] = [
  { spelling: '__Host-Http-', hostLocked: true, scriptProof: true },
  { spelling: '__Host-', hostLocked: true, scriptProof: false },
  { spelling: '__Secure-', hostLocked: false, scriptProof: false },
  { spelling: '__Http-', hostLocked: false, scriptProof: true },
];

/**
 * What is wrong between a cookie's name and its attributes, as words for an error; undefined if nothing is. Browsers
 * know the prefixes in any case and drop a cookie that breaks them; in another spelling than the exact one some do not
 * enforce them, so that is wrong in itself (R36).
 */
export function prefixProblem(name: string, attributes: PrefixedAttributes): string | undefined {
  const lower = name.toLowerCase();
  const prefix = PREFIXES.find((one) => lower.startsWith(one.spelling.toLowerCase()));
  if (prefix === undefined) return undefined;
  const { spelling } = prefix;
  if (!name.startsWith(spelling)) return `the prefix must be spelled exactly ${spelling}`;
  if (name.length === spelling.length) return `a name must follow the prefix ${spelling}`;
  if (!attributes.secure) return `a name with ${spelling} needs Secure`;
  if (prefix.hostLocked && attributes.domain !== undefined) return `a name with ${spelling} allows no domain`;
  if (prefix.hostLocked && attributes.path !== '/') return `a name with ${spelling} needs the path '/'`;
  if (prefix.scriptProof && !attributes.httpOnly) return `a name with ${spelling} needs HttpOnly`;
  return undefined;
}
