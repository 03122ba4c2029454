import type { Verb } from './gate-calls.ts';
import { countHeld, LOCKED, tooLate, type Waiting } from './home.ts';
import type { NodeResponse } from './node-head.ts';

type Fact = 'headersSent' | 'writableEnded';

/**
 * How a response looks to its handler while its bytes wait for the commit: like one that is under way. Frameworks
 * look at `headersSent` before they send an error page, and a second answer must fail as it always does instead of
 * mixing its head into the first.
 */
export interface Face extends Waiting {
  /** `write` was called, and told its caller to wait. */
  readonly full: boolean;
  lock(): void;
  unlock(): void;
  /** A call was put off. */
  waits(verb: Verb): void;
  /** Says what is true by now. */
  update(): void;
  /** What a lock stands in front of, a method or a fact, as it is. */
  behind(name: string | symbol): unknown;
}

/** The face of a response whose home knows when it waits. */
export class HomeFace implements Face {
  readonly #response: NodeResponse;
  readonly #below: NodeResponse;
  held = false;
  ended = false;
  full = false;

  constructor(response: NodeResponse, below: NodeResponse) {
    this.#response = response;
    this.#below = below;
  }

  lock(): void {
    if (!this.held) countHeld(1);
    this.held = true;
  }

  unlock(): void {
    if (this.held) countHeld(-1);
    this.held = false;
    this.ended = false;
    this.full = false;
  }

  waits(verb: Verb): void {
    if (verb === 'write') this.full = true;
    else if (verb === 'end') this.ended = true;
  }

  update(): void {
    // The home asks when it is asked.
  }

  behind(name: string | symbol): unknown {
    if (!this.held) return undefined;
    const locked: readonly (string | symbol)[] = [...LOCKED, 'headersSent', 'writableEnded'];
    return locked.includes(name) ? Reflect.get(this.#below, name, this.#response) : undefined;
  }
}

/**
 * The face of a response that has the gate's methods itself.
 *
 * The facts become own data properties, brought up to date whenever something passes. Accessors, or a prototype
 * slipped in between, would be neater and cost ten to twenty microseconds a request on Node 20.
 */
export class HeldFace implements Face {
  readonly #response: Record<string, unknown>;
  readonly #methods: unknown[] = [];
  readonly #facts: Fact[] = [];
  held = false;
  ended = false;
  full = false;

  constructor(response: NodeResponse) {
    this.#response = response as unknown as Record<string, unknown>;
  }

  lock(): void {
    if (this.held) return;
    this.held = true;
    const response = this.#response;
    this.#claim('headersSent');
    for (const [at, name] of LOCKED.entries()) {
      this.#methods[at] = response[name];
      if (response[name] !== undefined) response[name] = tooLate;
    }
  }

  unlock(): void {
    if (!this.held) return;
    this.held = false;
    this.full = false;
    const response = this.#response;
    for (const [at, name] of LOCKED.entries()) if (response[name] === tooLate) response[name] = this.#methods[at];
    this.update();
  }

  waits(verb: Verb): void {
    if (verb === 'write') this.full = true;
    else if (verb === 'end') this.#claim('writableEnded');
  }

  /** Says what is not yet true. */
  #claim(fact: Fact): void {
    if (this.#facts.includes(fact)) {
      this.#response[fact] = true;
      return;
    }
    this.#facts.push(fact);
    Object.defineProperty(this.#response, fact, { value: true, writable: true, configurable: true });
  }

  update(): void {
    if (this.held) return;
    for (const fact of this.#facts) this.#response[fact] = this.#real(fact);
  }

  behind(name: string | symbol): unknown {
    if (!this.held) return undefined;
    if (this.#facts.includes(name as Fact)) return this.#real(name as Fact);
    return this.#methods[LOCKED.indexOf(name as (typeof LOCKED)[number])];
  }

  #real(fact: Fact): unknown {
    return Reflect.get(Object.getPrototypeOf(this.#response) as object, fact, this.#response);
  }
}
