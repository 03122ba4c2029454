/** What looking for a field in the beginning of a body gave. `'more'`: nothing yet, and the body goes on. */
export type FieldFound = { readonly value: unknown } | 'more' | 'none';

/** How much of a body there is: all, all that is looked at, or what has come by now. */
export type Extent = 'whole' | 'cut' | 'part';
