import { Buffer } from 'node:buffer';
import type { Trouble } from './memcached-errors.ts';
import type { Login } from './memcached-url.ts';

/** The first version that gives the number of a write with its answer (`ms` with the flag `c`) as it is described. */
const OLDEST = [1, 6, 12] as const;
/** What memcached takes where it is not told otherwise (-I). */
const DEFAULT_LIMIT = 1024 * 1024;

/** What a server says of itself. */
export interface Greeted {
  /** Names this run of the server: what it numbers begins anew with the next. */
  readonly run: string;
  /** The largest item in bytes, with its key and all that memcached adds. */
  readonly limit: number;
}

const NO_MEMCACHED: Trouble = {
  advice: 'what answers there is no memcached itself: a proxy in between is not supported',
  final: true,
};

/** Thrown where the server cannot be used. */
export class Unfit extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.advice);
    this.trouble = trouble;
  }
}

/** The first words with a server, in one round trip: who we are, its version, its run, its settings. */
export class Greeting {
  readonly words: string;
  #loggedIn: boolean;
  #version = false;
  #lists = 0;
  readonly #stats = new Map<string, string>();

  constructor(login: Login | undefined) {
    this.#loggedIn = login === undefined;
    this.words = `${login === undefined ? '' : loginWords(login)}version\r\nstats\r\nstats settings\r\n`;
  }

  /**
   * Hears a line of the answer; gives what there is to know with the last one.
   *
   * @throws Unfit
   */
  hear(line: string): Greeted | undefined {
    if (/^CLIENT_ERROR (unauth|auth)/.test(line)) throw new Unfit(this.#stranger());
    if (!this.#loggedIn && line === 'STORED') {
      this.#loggedIn = true;
    } else if (!this.#version && line.startsWith('VERSION ')) {
      checkVersion(line);
      this.#version = true;
    } else if (this.#version && line.startsWith('STAT ')) {
      const [, name = '', value = ''] = line.split(' ');
      this.#stats.set(name, value);
    } else if (this.#version && line === 'END') {
      this.#lists++;
      if (this.#lists === 2) return this.#greeted();
    } else {
      throw new Unfit(NO_MEMCACHED);
    }
    return undefined;
  }

  #stranger(): Trouble {
    const advice = this.#loggedIn
      ? 'it wants a user and a password'
      : 'it does not know this user with this password: see its auth file (-Y)';
    return { advice, final: true };
  }

  #greeted(): Greeted {
    const number = (name: string): number => Number(this.#stats.get(name) ?? Number.NaN);
    const begun = number('time') - number('uptime');
    const pid = number('pid');
    if (!Number.isInteger(begun) || !Number.isInteger(pid)) throw new Unfit(NO_MEMCACHED);
    if (this.#stats.get('cas_enabled') === 'no') {
      throw new Unfit({ advice: 'it runs with -C, without which nothing can be compared and set', final: true });
    }
    // Two runs with one number of process, as in a container, do not begin in the same second.
    return { run: `${pid.toString(36)}-${begun.toString(36)}.`, limit: number('item_size_max') || DEFAULT_LIMIT };
  }
}

/** How memcached is told a user: as a value, whatever its key (protocol.txt, "Authentication"). */
function loginWords({ username, password }: Login): string {
  const words = `${username} ${password}`;
  return `set auth 0 0 ${Buffer.byteLength(words)}\r\n${words}\r\n`;
}

function checkVersion(line: string): void {
  const found = /^VERSION (\d+)\.(\d+)\.(\d+)/.exec(line)?.slice(1).map(Number);
  if (found === undefined) throw new Unfit(NO_MEMCACHED);
  for (const [at, oldest] of OLDEST.entries()) {
    const number = found[at] ?? 0;
    if (number > oldest) return;
    if (number < oldest) throw new Unfit({ advice: `it must be memcached ${OLDEST.join('.')} or newer`, final: true });
  }
}
