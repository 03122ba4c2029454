import { hasColours, type Io, isTerminal, type Sink } from './io.ts';
import { Progress } from './progress.ts';
import { columns } from './text.ts';

/** What a command says: its result on stdout, everything else on stderr. */
export class Output {
  readonly #io: Io;
  /** `--json`: the result is JSON, and there is nothing beside it. */
  readonly json: boolean;

  constructor(io: Io, json: boolean) {
    this.#io = io;
    this.json = json;
  }

  line(text = ''): Promise<void> {
    return written(this.#io.stdout, `${text}\n`);
  }

  /** One line of JSON. */
  object(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }

  /** The first row is the head. */
  async table(rows: readonly (readonly string[])[]): Promise<void> {
    const [head = '', ...lines] = columns(rows);
    await this.line(this.bold(head));
    for (const line of lines) await this.line(line);
  }

  /** For people, beside the result. */
  note(text: string): void {
    if (!this.json) this.#io.stderr.write(`${text}\n`);
  }

  bold(text: string): string {
    return hasColours(this.#io.stdout, this.#io.env) ? `\u001b[1m${text}\u001b[22m` : text;
  }

  /** Whether a bar would be seen. */
  get shown(): boolean {
    return !this.json && isTerminal(this.#io.stderr, this.#io.env);
  }

  /** A bar on stderr where that is a terminal, and nothing anywhere else. */
  progress(what: string, total: number | undefined, already = 0): Progress {
    return new Progress(this.shown ? this.#io.stderr : undefined, () => this.#io.now(), what, total, already);
  }
}

/** Waits for a slow reader, so that a long list does not pile up here. */
export function written(sink: Sink, text: string): Promise<void> {
  if (sink.write(text)) return Promise.resolve();
  return new Promise((drained) => sink.once('drain', () => drained()));
}
