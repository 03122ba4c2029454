import type { Origin, SessionEngine } from '../session/request-session.ts';
import type { Budget } from '../store/deadline.ts';
import type { StoreAccess } from './access.ts';
import { ClientSession } from './client-session.ts';

/** A request's session with its way to the store. */
export class ServerSession extends ClientSession {
  /** All waiting of the request for its store, whoever waits. */
  readonly budget: Budget;
  /** Made with the first call that needs it. */
  access: StoreAccess | undefined;

  constructor(engine: SessionEngine, origin: Origin, budget: Budget) {
    super(engine, origin);
    this.budget = budget;
  }
}
