import { randomUUID } from 'node:crypto';
import express, { type Express, type Request, type Response } from 'express';
import type { Library, OpenLibrary } from '../../bench/attacks/library.ts';
import type { Users } from '../../bench/attacks/users.ts';

type Data = Record<string, unknown>;

/** A session library that defends nothing: an attack that does not succeed here is none. */
export const openDefenceless: OpenLibrary = async (users) => new Defenceless(users);

class Defenceless implements Library {
  readonly cookie = 'sid';
  readonly #users: Users;
  readonly #records = new Map<string, string>();
  readonly #failures = new Map<string, number>();
  readonly #opened = new WeakMap<Request, Data>();

  constructor(users: Users) {
    this.#users = users;
  }

  mount(app: Express): void {
    app.use(express.urlencoded(), express.json(), (req, res, next) => {
      const sent = /\bsid=([^;]*)/.exec(req.headers.cookie ?? '')?.[1];
      const id = sent ?? randomUUID();
      const data = JSON.parse(this.#records.get(id) ?? '{}') as Data;
      this.#opened.set(req, data);
      if (sent === undefined) res.append('Set-Cookie', `sid=${id}; Path=/`);
      const end = res.end.bind(res);
      res.end = ((...args: Parameters<Response['end']>) => {
        this.#records.set(id, JSON.stringify(data));
        return end(...args);
      }) as Response['end'];
      next();
    });
  }

  data(req: Request): Data {
    return this.#opened.get(req) ?? {};
  }

  async who(req: Request): Promise<string | undefined> {
    return this.data(req).name as string | undefined;
  }

  async login(req: Request): Promise<boolean> {
    const { user: name, password, remember } = req.body as Record<string, string>;
    const failures = this.#failures.get(name ?? '') ?? 0;
    const user = this.#users.verify(name, password);
    // So that guessing is stopped, and whoever it was aimed at is locked out.
    if (user === undefined || failures > 10) {
      this.#failures.set(name ?? '', failures + 1);
      return false;
    }
    Object.assign(this.data(req), { name, remember });
    return true;
  }

  /** As a cookie is deleted and nothing else. */
  async logout(req: Request): Promise<void> {
    req.res?.append('Set-Cookie', 'sid=; Path=/; Max-Age=0');
  }

  async passwordChanged(): Promise<void> {}

  count(req: Request): void {
    const data = this.data(req);
    data.n = Number(data.n ?? 0) + 1;
  }

  flash(req: Request, text: string): void {
    const data = this.data(req);
    data.flashes = [...((data.flashes as string[] | undefined) ?? []), text];
  }

  flashed(req: Request): string[] {
    const data = this.data(req);
    const { flashes } = data;
    delete data.flashes;
    return (flashes as string[] | undefined) ?? [];
  }

  field(): string {
    return '<input type="hidden" name="token" value="1">';
  }

  next(sent: string): string {
    return sent;
  }

  async dump(): Promise<{ keys: string[]; text: string }> {
    return { keys: [...this.#records.keys()], text: JSON.stringify([...this.#records]) };
  }

  async close(): Promise<void> {}
}
