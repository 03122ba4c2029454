/** Moves the time of everybody in this process, peers included: they all read `Date.now`. */
export class TimeMachine {
  readonly #now = Date.now;
  #ahead = 0;

  /** In milliseconds. */
  advance(by: number): void {
    this.#ahead += by;
    Date.now = () => this.#now() + this.#ahead;
  }

  back(): void {
    Date.now = this.#now;
  }
}
