import type { Agent } from 'node:http';
import { CookieJar } from '../../src/testing/cookie-jar.ts';
import { type Answer, type Ask, get } from '../http/servers.ts';

/** An answer with its JSON. */
export interface Told extends Answer {
  readonly json: any;
  readonly setCookie: readonly string[];
}

/**
 * A browser at one application, or at several that share a host. It keeps Secure cookies over plain HTTP, as browsers
 * do on loopback.
 */
export class Visitor {
  readonly jar: CookieJar;
  readonly #port: number;
  readonly #agent: Agent | undefined;

  constructor(port: number, options: { jar?: CookieJar; agent?: Agent } = {}) {
    this.#port = port;
    this.jar = options.jar ?? new CookieJar();
    this.#agent = options.agent;
  }

  /** The same browser, at another process. */
  at(port: number): Visitor {
    return new Visitor(port, { jar: this.jar });
  }

  get(path: string): Promise<Told> {
    return this.ask({ path });
  }

  post(path: string, body: unknown = {}): Promise<Told> {
    return this.ask({
      method: 'POST',
      path,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async ask(ask: Ask & { path: string }): Promise<Told> {
    const { path } = ask;
    const headers = { ...this.jar.headers(path), ...ask.headers };
    const told = await tell(this.#port, { ...ask, headers, ...(this.#agent && { agent: this.#agent }) });
    this.jar.store(told.setCookie, { path });
    return told;
  }
}

export async function tell(port: number, ask: Ask): Promise<Told> {
  const answer = await get(port, ask);
  const isJson = String(answer.headers['content-type']).startsWith('application/json') && answer.text !== '';
  return {
    ...answer,
    json: isJson ? JSON.parse(answer.text) : undefined,
    setCookie: answer.headers['set-cookie'] ?? [],
  };
}
