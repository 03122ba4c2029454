import type { FileHandle } from 'node:fs/promises';

/**
 * What each call of `node:fs/promises` does first, which may be to fail; and the paths of what was forced to the disk.
 * For `vi.mock('node:fs/promises', async (original) => watched(await original()))`.
 */
export const system: {
  before: ((call: string, path: string) => void) | undefined;
  synced: string[] | undefined;
} = { before: undefined, synced: undefined };

/** The module with every function of it watched. */
export function watched(real: object): object {
  return Object.fromEntries(
    Object.entries(real).map(([name, value]: [string, unknown]) => {
      if (typeof value !== 'function') return [name, value];
      const call = async (...args: unknown[]) => {
        system.before?.(name, String(args[0]));
        const answer = await value(...args);
        if (name !== 'open' || system.synced === undefined) return answer;
        const handle = answer as FileHandle;
        const sync = handle.sync.bind(handle);
        handle.sync = () => {
          system.synced?.push(String(args[0]));
          return sync();
        };
        return handle;
      };
      return [name, call];
    }),
  );
}

/** For `system.before`: calls fail with this code when it is so. */
export const failing =
  (code: string, when: (call: string, path: string) => boolean) =>
  (call: string, path: string): void => {
    if (when(call, path)) throw Object.assign(new Error(code), { code, syscall: call });
  };

/** Calls do what they do. */
export function mend(): void {
  system.before = undefined;
  system.synced = undefined;
}
