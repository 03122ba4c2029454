type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only with the right verdict on whether two types are identical. */
export function same<A, B>(_verdict: Same<A, B>): void {}

/** Compiles only with the right verdict on whether a type is `any`. */
export function any<A>(_verdict: 0 extends 1 & A ? true : false): void {}
