/** What one setting says about one option: `SESSION_COOKIE_NAME` says `cookie.name`. */
export interface Said {
  /** The option, and the members below it. */
  readonly path: readonly [string, ...string[]];
  readonly value: unknown;
  /** The name of the setting, for errors. */
  readonly setting: string;
}
