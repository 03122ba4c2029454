/** What stores of express-session do, one habit a store: none of the published ones has them all. */

type Done = (error?: any, row?: any) => void;

/** The four verbs over a Map of texts, as in a back end; how they are answered is each store's. */
class Texts {
  readonly texts = new Map<string, string>();

  read(id: string): any {
    const text = this.texts.get(id);
    return text === undefined ? null : JSON.parse(text);
  }

  write(id: string, row: any): void {
    this.texts.set(id, JSON.stringify(row));
  }
}

/** Calls back before it returns, and has no `touch`. */
export class AtOnce extends Texts {
  get(id: string, done: Done): void {
    done(null, this.read(id));
  }

  set(id: string, row: any, done: Done = () => undefined): void {
    this.write(id, row);
    done();
  }

  destroy(id: string, done: Done = () => undefined): void {
    this.texts.delete(id);
    done(null);
  }
}

/** Knows no callbacks. */
export class Promises extends Texts {
  async get(id: string): Promise<any> {
    await null;
    return this.read(id);
  }

  async set(id: string, row: any): Promise<void> {
    await null;
    this.write(id, row);
  }

  async destroy(id: string): Promise<void> {
    await null;
    this.texts.delete(id);
  }
}

/** Its promises fulfil long before it has done anything; it says so by calling back. */
export class EarlyPromises extends Texts {
  async get(id: string, done: Done): Promise<void> {
    setTimeout(() => done(null, this.read(id)), 1);
  }

  async set(id: string, row: any, done: Done): Promise<void> {
    setTimeout(() => {
      this.write(id, row);
      done(null);
    }, 1);
  }

  async destroy(id: string, done: Done): Promise<void> {
    setTimeout(() => {
      this.texts.delete(id);
      done(null);
    }, 1);
  }
}

/** Answers twice: what it did, and then an error that means nothing any more. */
export class Twice extends AtOnce {
  override get(id: string, done: Done): void {
    super.get(id, done);
    done(new Error('again'));
  }

  override set(id: string, row: any, done: Done): void {
    super.set(id, row, done);
    setImmediate(done, new Error('again'));
  }

  override destroy(id: string, done: Done): void {
    super.destroy(id, done);
    done(new Error('again'));
  }
}

/** Keeps what it is given and hands the same out, as the MemoryStore of @fastify/session does, and writes into it. */
export class Live {
  readonly rows = new Map<string, any>();

  get(id: string, done: Done): void {
    setImmediate(done, null, this.rows.get(id));
  }

  set(id: string, row: any, done: Done): void {
    row.__lastAccess = Date.now();
    this.rows.set(id, row);
    setImmediate(done);
  }

  destroy(id: string, done: Done): void {
    this.rows.delete(id);
    setImmediate(done);
  }

  all(done: Done): void {
    setImmediate(done, null, [...this.rows.values()]);
  }
}

/** Says of a row that is not there that it failed: on get by the code that express-session passes over, on destroy by any. */
export class FailsWhereNothingIs extends AtOnce {
  override get(id: string, done: Done): void {
    if (this.texts.has(id)) super.get(id, done);
    else done(Object.assign(new Error('no such file'), { code: 'ENOENT' }));
  }

  override destroy(id: string, done: Done): void {
    if (this.texts.has(id)) super.destroy(id, done);
    else done(new Error('there is no such session'));
  }
}

/** Reads the end of a row's life off `cookie.maxAge`, as memorystore and connect-dynamodb do, and takes no number for a day. */
export class ByMaxAge extends AtOnce {
  readonly lives: number[] = [];

  override set(id: string, row: any, done: Done): void {
    this.lives.push(typeof row.cookie.maxAge === 'number' ? row.cookie.maxAge : 86_400_000);
    super.set(id, row, done);
  }
}
