/** Requests that wait inside their handlers, so that they overlap exactly and not by luck. */
export class Gates {
  readonly #gates = new Map<string, Gate>();

  /** Requests with this name will wait, until `count` of them are there and the gate is opened. */
  close(name: string, count = 1): { readonly reached: Promise<void>; open(): void } {
    const gate = new Gate(count);
    this.#gates.set(name, gate);
    return {
      reached: gate.reached,
      open: () => {
        this.#gates.delete(name);
        gate.open();
      },
    };
  }

  /** In a handler: waits if there is such a gate. */
  async pass(name: unknown): Promise<void> {
    await this.#gates.get(String(name))?.wait();
  }
}

class Gate {
  readonly reached: Promise<void>;
  readonly #opened: Promise<void>;
  #missing: number;
  #reach: () => void = () => {};
  open: () => void = () => {};

  constructor(count: number) {
    this.#missing = count;
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
    this.#opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  wait(): Promise<void> {
    this.#missing--;
    if (this.#missing === 0) this.#reach();
    return this.#opened;
  }
}
