import type { TicketReading } from '../cookie/ticket.ts';
import { dictionaryLater } from '../session/dictionary.ts';
import type { Session } from '../session/types.ts';
import type { StoredRecord } from '../store/contract.ts';
import type { Budget } from '../store/deadline.ts';
import type { Later, SessionRequest } from './contract.ts';
import type { ServerSession } from './server-session.ts';

/** What a read of the record gave, before anybody looked. */
export interface Read {
  readonly key: string;
  readonly record: StoredRecord | undefined;
  readonly budget: Budget;
}

/** Makes the session of it. */
export type Make = (request: SessionRequest, ticket: TicketReading, read: Read | undefined) => ServerSession;

/** A visitor with a ticket, whose record was read or waits for `load`, and whose session nobody has asked for. */
export class Found<D> implements Later<Session<D>> {
  readonly #make: Make;
  readonly #ticket: TicketReading;
  readonly #read: Read | undefined;

  constructor(make: Make, ticket: TicketReading, read: Read | undefined) {
    this.#make = make;
    this.#ticket = ticket;
    this.#read = read;
  }

  face(request: SessionRequest, asked: () => void): Session<D> {
    return dictionaryLater<D>(() => this.#make(request, this.#ticket, this.#read), asked);
  }
}
