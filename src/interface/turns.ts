import { timeout } from '../store/deadline.ts';
import type { KeyQueue, Task } from '../store/queue.ts';
import type { StoreAccess } from './access.ts';

/**
 * Runs a commit when those of the same process before it are through, with the record they left. Queueing saves
 * conflicts; it decides nothing. Waiting counts against the request's own deadline, and a commit whose time ran out in
 * the queue is never begun.
 */
export function inTurn(queue: KeyQueue, access: StoreAccess, key: string, commit: Task<void>): Promise<void> {
  let begun = false;
  let waits = false;
  let begin: () => void = () => undefined;
  const done = queue.run(key, (latest, leave) => {
    begun = true;
    begin();
    // Whoever is told that nothing was written must be right, and the time of two may have run out in one moment.
    if (!waits || access.timeLeft) return commit(latest, leave);
    leave();
    return Promise.reject(timeout('queue', 'none'));
  });
  if (begun) return done;
  waits = true;
  const turn = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const late = (error: unknown): never => {
    // It fails in its turn, which nobody waits for any more.
    done.catch(() => undefined);
    throw error;
  };
  return access.turn(turn).then(() => done, late);
}
