import type { Store } from '../../src/store/contract.ts';

/** What a store call did, in the order in which calls were carried out. */
export interface Done {
  readonly actor: number;
  readonly verb: string;
  readonly args: readonly unknown[];
  readonly answer: unknown;
}

/** How one call is carried out. */
export type Mode = 'do' | 'lose-answer' | 'lose-request' | 'twice' | 'crash-before' | 'crash-after';

interface Pending {
  readonly actor: number;
  readonly verb: string;
  release(mode: Mode): Promise<void>;
}

const VERBS = ['read', 'create', 'update', 'touch', 'destroy', 'put', 'listOwned', 'forget'] as const;

/** A store that holds every call until it is released, one at a time, in an order that somebody else chooses. */
export class SteppedStore {
  readonly log: Done[] = [];
  readonly crashed = new Set<number>();
  readonly #store: Store;
  #pending: Pending[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  get pending(): readonly Pending[] {
    return this.#pending;
  }

  /** The store as one process sees it. */
  for(actor: number): Store {
    const store = this.#store as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const face: Record<string, unknown> = { capabilities: this.#store.capabilities };
    for (const verb of VERBS) {
      face[verb] = (...args: unknown[]) => this.#call(actor, verb, args, async () => store[verb]?.(...args));
    }
    return face as unknown as Store;
  }

  #call(actor: number, verb: string, args: unknown[], act: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        actor,
        verb,
        release: async (mode) => {
          this.#pending = this.#pending.filter((other) => other !== pending);
          const perform = async (): Promise<unknown> => {
            const answer = await act();
            this.log.push({ actor, verb, args, answer });
            return answer;
          };
          if (mode === 'crash-before' || mode === 'crash-after') {
            if (mode === 'crash-after') await perform();
            this.crashed.add(actor);
            this.#pending = this.#pending.filter((other) => other.actor !== actor);
            return;
          }
          if (mode === 'lose-request') return reject(unanswered());
          const answer = await perform();
          if (mode === 'lose-answer') return reject(unanswered());
          resolve(mode === 'twice' ? await perform() : answer);
        },
      };
      if (!this.crashed.has(actor)) this.#pending.push(pending);
    });
  }
}

function unanswered(): Error {
  return new Unanswered();
}

import { CoatcheckError } from '../../src/errors.ts';

class Unanswered extends CoatcheckError {
  constructor() {
    super('STORE_FAILED', 'The connection broke before the answer.', { retryable: true, outcome: 'unknown' });
  }
}

/** Lets everything run until it waits for a store call or is through. */
export async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/** One step that may come next. */
export interface Choice {
  readonly actor: number;
  readonly mode: Mode;
}

/**
 * Runs a scenario once for every order of its steps: depth first, each run from the beginning with a longer prefix of
 * choices. `run` plays one run and asks `choose` among the choices at each step.
 */
export async function everyOrder(
  run: (choose: (choices: readonly Choice[]) => Choice) => Promise<void>,
  limit: number,
): Promise<number> {
  let path: number[] = [];
  for (let runs = 1; ; runs++) {
    const widths: number[] = [];
    const taken: number[] = [];
    await run((choices) => {
      const at = taken.length;
      const index = path[at] ?? 0;
      widths.push(choices.length);
      taken.push(index);
      const choice = choices[index];
      if (choice === undefined) throw new Error('the scenario is not the same at each run');
      return choice;
    });
    let last = taken.length - 1;
    while (last >= 0 && (taken[last] ?? 0) + 1 >= (widths[last] ?? 0)) last--;
    if (last < 0 || runs >= limit) return runs;
    path = [...taken.slice(0, last), (taken[last] ?? 0) + 1];
  }
}
