import type { StoredRecord } from '../store/contract.ts';
import type { Finished, KeyQueue } from '../store/queue.ts';
import type { StoreAccess } from './access.ts';

/**
 * Runs a commit when those of the same process before it are through, with the record they left. Queueing saves
 * conflicts; it decides nothing. Waiting counts against the request's own deadline, and a commit whose time ran out in
 * the queue is never begun.
 */
export function inTurn(
  queue: KeyQueue,
  access: StoreAccess,
  key: string,
  commit: (latest: StoredRecord | undefined) => Promise<Finished<undefined>>,
): Promise<undefined> {
  let begun = false;
  let cancelled = false;
  let begin: () => void = () => undefined;
  const done = queue.run(key, (latest) => {
    begun = true;
    begin();
    return cancelled ? NOTHING : commit(latest);
  });
  if (begun) return done;
  const turn = new Promise<void>((resolve) => {
    begin = resolve;
  });
  return access.turn(turn).then(
    () => done,
    (error) => {
      cancelled = true;
      throw error;
    },
  );
}

/** A commit that leaves no record of which the next one should know. */
export const NOTHING: Promise<Finished<undefined>> = Promise.resolve({ value: undefined });
