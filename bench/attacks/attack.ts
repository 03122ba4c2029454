import type { Setup } from './library.ts';
import type { Target } from './target.ts';

/** What came of an attack. It is made of what was observed, by the same code for both. */
export interface Outcome {
  readonly result: 'succeeded' | 'stopped' | 'not there';
  /** What was seen. The same in every run: no times, no random values. */
  readonly seen: string;
}

/** What an attack has at hand. */
export interface Scene {
  /** An application of the library that is attacked. The scene stops it. */
  start(setup?: Setup): Promise<Target>;
}

export interface Attack {
  readonly name: string;
  /** What the attacker does, and what must be the case for it. */
  readonly tried: string;
  /** The test that holds coatcheck to its row: file and name. */
  readonly test: readonly [file: string, name: string];
  /** Needs redis-server. */
  readonly redis?: true;
  /** Nothing else may run beside it. */
  readonly movesTime?: true;
  run(scene: Scene): Promise<Outcome>;
}

/** Attacks of one kind. */
export interface Chapter {
  readonly title: string;
  readonly attacks: readonly Attack[];
}

export function outcome(succeeded: boolean, seen: string): Outcome {
  return { result: succeeded ? 'succeeded' : 'stopped', seen };
}
