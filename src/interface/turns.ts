import type { KeyQueue, Task } from '../store/queue.ts';
import type { StoreAccess } from './access.ts';

/**
 * Runs a commit when those of the same process before it are through, with the record they left. Queueing saves
 * conflicts; it decides nothing. Waiting counts against the request's own deadline, and a commit whose time ran out in
 * the queue is never begun.
 */
export function inTurn(queue: KeyQueue, access: StoreAccess, key: string, commit: Task<void>): Promise<void> {
  let begun = false;
  let cancelled = false;
  let begin: () => void = () => undefined;
  const done = queue.run(key, (latest, leave) => {
    begun = true;
    begin();
    if (!cancelled) return commit(latest, leave);
    leave();
    return NOTHING;
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

const NOTHING: Promise<void> = Promise.resolve();
